// SPDX-License-Identifier: AGPL-3.0-only

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A slow uplink on loopback: {@code java Uplink.java LISTEN_PORT TARGET_PORT KBIT_PER_SECOND}. What clients send shares the
 * rate, and what the link has not taken stays with them; answers are not slowed down. Prints once a second how many bytes
 * crossed it.
 */
public final class Uplink {
    private static final int STEP_BYTES = 4 << 10;
    private static final long LATE_NANOS = 100_000_000;
    private static final int BUFFER_BYTES = 64 << 10;

    private final int targetPort;
    private final double bytesPerNano;
    private final AtomicLong freeNanos = new AtomicLong(System.nanoTime());
    private final AtomicLong taken = new AtomicLong();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private Uplink(int targetPort, double bytesPerNano) {
        this.targetPort = targetPort;
        this.bytesPerNano = bytesPerNano;
    }

    public static void main(String[] args) throws IOException {
        if (args.length != 3) {
            System.err.println("usage: java Uplink.java LISTEN_PORT TARGET_PORT KBIT_PER_SECOND");
            System.exit(2);
        }
        new Uplink(Integer.parseInt(args[1]), Integer.parseInt(args[2]) * 125 / 1e9).run(Integer.parseInt(args[0]));
    }

    private void run(int listenPort) throws IOException {
        threads.execute(() -> {
            while (true) {
                System.out.println(taken);
                LockSupport.parkNanos(1_000_000_000L);
            }
        });
        try (ServerSocket server = new ServerSocket()) {
            server.setReceiveBufferSize(BUFFER_BYTES);
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), listenPort), 1024);
            while (true) {
                Socket client = server.accept();
                threads.execute(() -> serve(client));
            }
        }
    }

    private void serve(Socket client) {
        try (client;
                Socket target = new Socket(InetAddress.getLoopbackAddress(), targetPort)) {
            client.setTcpNoDelay(true);
            target.setTcpNoDelay(true);
            threads.execute(() -> answer(target, client));
            byte[] buffer = new byte[STEP_BYTES];
            InputStream in = client.getInputStream();
            OutputStream out = target.getOutputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                awaitLink(count);
                taken.addAndGet(count);
                out.write(buffer, 0, count);
            }
        } catch (IOException e) {
            System.err.println("a connection broke: " + e.getMessage());
        }
    }

    private static void answer(Socket target, Socket client) {
        try (target; client) {
            target.getInputStream().transferTo(client.getOutputStream());
        } catch (IOException e) {
            System.err.println("an answer broke: " + e.getMessage());
        }
    }

    /** Waits until so many bytes have passed behind those of all others; threads that wake up late leave no gap. */
    private void awaitLink(int bytes) {
        long now = System.nanoTime();
        long took = (long) (bytes / bytesPerNano);
        LockSupport.parkNanos(freeNanos.updateAndGet(free -> Math.max(free, now - LATE_NANOS) + took) - now);
    }
}
