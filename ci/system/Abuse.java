// SPDX-License-Identifier: AGPL-3.0-only

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;

/**
 * {@code Abuse attack KIND CONNECTIONS NFS_PORT NINEP_PORT NBD_PORT}: takes as much as it gets, prints "attacking", and
 * goes on until standard input ends. {@code Abuse measure NINEP_PORT SECONDS}: prints how long the requests of an ordinary
 * client take. {@code Abuse fill NINEP_PORT}: writes what is read later.
 */
final class Abuse {
    private static final String LONG_NAME = "n".repeat(255);
    private static final int LISTS = 230;
    private static final int FILES = 2_000;
    private static final int TAGS = 60_000;
    private static final int BLOCK = 256 << 10;
    private static final long LARGE = 256 << 20;

    private Abuse() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("fill")) {
            fill(new Client(Integer.parseInt(arguments[1])));
            return;
        }
        if (arguments[0].equals("measure")) {
            measure(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
            return;
        }
        int nfs = Integer.parseInt(arguments[3]);
        int ninep = Integer.parseInt(arguments[4]);
        int nbd = Integer.parseInt(arguments[5]);
        for (int i = Integer.parseInt(arguments[2]); i > 0; i--) {
            Thread attack = new Thread(() -> {
                try {
                    attack(arguments[1], nfs, ninep, nbd);
                } catch (IOException e) {
                    System.out.println("the attack ended: " + e);
                }
            });
            attack.setDaemon(true);
            attack.start();
        }
        while (System.in.read() >= 0) {
            // The script that started this closes its input to end it.
        }
    }

    private static void attack(String kind, int nfs, int ninep, int nbd) throws IOException {
        switch (kind) {
            case "silent" -> silent(nfs, ninep);
            case "fids" -> fids(new Client(ninep));
            case "walks" -> walks(new Client(ninep));
            case "locks" -> locks(new Client(ninep));
            case "xattrs" -> xattrs(new Client(ninep));
            case "lists" -> lists(ninep, nbd);
            case "requests" -> ninep(new Client(ninep), 24, (body, i) -> body.putInt(0).putLong(0x3fff));
            case "flushes" -> ninep(new Client(ninep), 108, (body, i) -> body.putShort((short) (1 + (i + 7) % TAGS)));
            case "writes" -> writes(new Client(ninep));
            case "reads" -> reads(new Client(ninep));
            case "mounts" -> rpc(nfs, 100_005, 1, ByteBuffer.allocate(8).putInt(1).putInt('/' << 24));
            case "listings" -> listings(nfs, new Client(ninep));
            case "devices" -> devices(ninep, nbd);
            default -> throw new IllegalArgumentException(kind);
        }
    }

    private static void begun(String what) {
        System.out.println("attacking: " + what);
    }

    private static void silent(int... ports) throws IOException {
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            sockets.add(new Socket("127.0.0.1", ports[i % ports.length]));
        }
        begun(sockets.size() + " silent connections");
        sleep();
    }

    private static void fids(Client client) throws IOException {
        int count = 0;
        while (client.call(110, client.body().putInt(0).putInt(10 + count).putShort((short) 0))) {
            count++;
        }
        begun(count + " fids");
        while (true) {
            client.call(110, client.body().putInt(0).putInt(10 + count).putShort((short) 0));
        }
    }

    private static void walks(Client client) throws IOException {
        client.call(110, client.body().putInt(0).putInt(1).putShort((short) 0));
        for (int i = 0; i < 160; i++) {
            client.call(72, client.name(client.body().putInt(1), LONG_NAME).putInt(0755).putInt(0));
            client.walk(1, 1, 1);
        }
        begun("walks");
        for (int fid = 2; ; fid++) {
            client.walk(0, fid, 16);
            for (int i = 16; i < 160; i += 16) {
                client.walk(fid, fid, 16);
            }
        }
    }

    private static void locks(Client client) throws IOException {
        client.create("locks");
        int count = 0;
        while (client.lock(52, 2L * count)) {
            count++;
        }
        begun(count + " locks");
        while (true) {
            client.lock(54, 1L << 40);
        }
    }

    private static void xattrs(Client client) throws IOException {
        int count = 0;
        boolean taken = true;
        while (taken) {
            client.call(110, client.body().putInt(0).putInt(10 + count).putShort((short) 0));
            ByteBuffer body = client.name(client.body().putInt(10 + count), "user.a").putLong(65_536).putInt(0);
            taken = client.call(32, body);
            count++;
        }
        begun(count + " attributes");
        sleep();
    }

    private static void lists(int ninep, int nbd) throws IOException {
        Client client = new Client(ninep);
        client.call(110, client.name(client.body().putInt(0).putInt(1).putShort((short) 1), ".nbd"));
        for (int i = 0; i < 9_900; i++) {
            client.call(110, client.body().putInt(1).putInt(2).putShort((short) 0));
            String name = String.format("%05d", i) + "x".repeat(250);
            client.call(14, client.name(client.body().putInt(2), name).putInt(2).putInt(0644).putInt(0));
            client.call(120, client.body().putInt(2));
        }
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < LISTS; i++) {
            Socket socket = new Socket("127.0.0.1", nbd);
            sockets.add(socket);
            try {
                ByteBuffer list = ByteBuffer.allocate(20).putInt(3).putLong(0x49484156454F5054L).putInt(3).putInt(0);
                socket.getOutputStream().write(list.array());
            } catch (IOException e) {
                // Refused, as it may be.
            }
        }
        begun(sockets.size() + " lists");
        sleep();
    }

    /** Sends requests that it never waits for. */
    private static void ninep(Client client, int type, BiConsumer<ByteBuffer, Integer> arguments) throws IOException {
        ByteBuffer request = ByteBuffer.allocate(64 + BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        flood("requests of type " + type, client.socket, i -> {
            arguments.accept(request.position(7), i);
            return request.putInt(0, request.position()).put(4, (byte) type).putShort(5, (short) (1 + i % TAGS));
        });
    }

    private static void writes(Client client) throws IOException {
        client.create("written" + System.nanoTime());
        ninep(client, 118, (body, i) -> body.putInt(1)
                .putLong(i * (long) BLOCK % LARGE)
                .putInt(BLOCK)
                .putLong(body.position(), System.nanoTime())
                .position(body.position() + BLOCK));
    }

    /** Of what {@code fill} wrote. */
    private static void reads(Client client) throws IOException {
        client.call(110, client.name(client.body().putInt(0).putInt(1).putShort((short) 1), "filled"));
        client.call(12, client.body().putInt(1).putInt(0));
        Random random = new Random();
        ninep(client, 116, (body, i) -> body.putInt(1).putLong(random.nextLong(LARGE)).putInt(4_096));
    }

    private static void fill(Client client) throws IOException {
        client.create("filled");
        byte[] data = new byte[BLOCK];
        for (long offset = 0; offset < LARGE; offset += BLOCK) {
            new Random(offset).nextBytes(data);
            ByteBuffer body = ByteBuffer.allocate(BLOCK + 64).order(ByteOrder.LITTLE_ENDIAN).position(7);
            Client.require(client.call(118, body.putInt(1).putLong(offset).putInt(BLOCK).put(data)));
        }
        Client.require(client.call(50, client.body().putInt(1).putInt(0)));
    }

    private static void rpc(int port, int program, int procedure, ByteBuffer arguments) throws IOException {
        flood("calls of procedure " + procedure, new Socket("127.0.0.1", port),
                i -> rpcCall(i, program, procedure, arguments));
    }

    private static ByteBuffer rpcCall(int xid, int program, int procedure, ByteBuffer arguments) {
        ByteBuffer call = ByteBuffer.allocate(44 + arguments.position());
        call.putInt(1 << 31 | 40 + arguments.position()).putInt(xid).putInt(0).putInt(2);
        call.putInt(program).putInt(3).putInt(procedure).putLong(0).putLong(0);
        return call.put(arguments.array(), 0, arguments.position());
    }

    /** READDIRPLUS of the root, which gets many files. */
    private static void listings(int port, Client client) throws IOException {
        for (int i = 0; i < FILES; i++) {
            client.call(110, client.body().putInt(0).putInt(2).putShort((short) 0));
            client.call(14, client.name(client.body().putInt(2), "listed" + i).putInt(2).putInt(0644).putInt(0));
            client.call(120, client.body().putInt(2));
        }
        Socket socket = new Socket("127.0.0.1", port);
        ByteBuffer mount = rpcCall(1, 100_005, 1, ByteBuffer.allocate(8).putInt(1).putInt('/' << 24));
        socket.getOutputStream().write(mount.array());
        DataInputStream in = new DataInputStream(socket.getInputStream());
        in.readFully(new byte[32]);
        byte[] handle = new byte[in.readInt()];
        in.readFully(handle);
        socket.close();
        ByteBuffer arguments = ByteBuffer.allocate(128).putInt(handle.length).put(handle);
        rpc(port, 100_003, 17, arguments.putLong(0).putLong(0).putInt(1 << 20).putInt(1 << 20));
    }

    /** Reads 32 MiB again and again, and never takes an answer. */
    private static void devices(int ninep, int nbd) throws IOException {
        Client client = new Client(ninep);
        client.call(110, client.name(client.body().putInt(0).putInt(1).putShort((short) 1), ".nbd"));
        client.call(14, client.name(client.body().putInt(1), "device").putInt(2).putInt(0644).putInt(0));
        client.call(118, client.body().putInt(1).putLong(64 << 20).putInt(1).put((byte) 0));
        Socket socket = new Socket("127.0.0.1", nbd);
        ByteBuffer go = ByteBuffer.allocate(36).putInt(3).putLong(0x49484156454F5054L).putInt(7).putInt(12).putInt(6);
        socket.getOutputStream().write(go.put("device".getBytes(StandardCharsets.US_ASCII)).putShort((short) 0).array());
        begun("reads of 32 MiB");
        for (long i = 0; ; i++) {
            ByteBuffer read = ByteBuffer.allocate(28).putInt(0x25609513).putInt(0).putLong(i).putLong(0);
            socket.getOutputStream().write(read.putInt(32 << 20).array());
        }
    }

    private static void flood(String what, Socket socket, IntFunction<ByteBuffer> requests) throws IOException {
        Thread reader = new Thread(() -> {
            byte[] replies = new byte[64 << 10];
            try {
                while (socket.getInputStream().read(replies) >= 0) {
                    // Nobody looks at them.
                }
                System.out.println("the attacked daemon closed a connection");
            } catch (IOException e) {
                System.out.println("a connection broke: " + e);
            }
        });
        reader.setDaemon(true);
        reader.start();
        begun(what);
        OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 64 << 10);
        for (int i = 0; ; i = i + 1 & Integer.MAX_VALUE) {
            ByteBuffer request = requests.apply(i);
            out.write(request.array(), 0, request.position());
        }
    }

    private static void sleep() {
        while (true) {
            try {
                TimeUnit.HOURS.sleep(1);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private static void measure(int port, int seconds) throws IOException {
        Client client = new Client(port);
        client.create("measured" + System.nanoTime());
        List<Long> times = new ArrayList<>();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (int i = 0; System.nanoTime() < end; i++) {
            times.add(timed(() -> client.call(24, client.body().putInt(1).putLong(0x3fff))));
            ByteBuffer data = client.body().putInt(1).putLong(i % 64 * 4_096L).putInt(4_096).put(new byte[4_096]);
            times.add(timed(() -> client.call(118, data) && client.call(50, client.body().putInt(1).putInt(0))));
            int offset = i % 64 * 4_096;
            times.add(timed(() -> client.call(116, client.body().putInt(1).putLong(offset).putInt(4_096))));
        }
        times.sort(null);
        System.out.printf("%d %d%n", times.get(times.size() * 99 / 100) / 1_000, times.size());
    }

    private interface Step {
        boolean run() throws IOException;
    }

    private static long timed(Step step) throws IOException {
        long start = System.nanoTime();
        if (!step.run()) {
            throw new IOException("an ordinary request was refused");
        }
        return System.nanoTime() - start;
    }

    /** A 9P connection with the root as fid 0; one request at a time. */
    private static final class Client {
        private final Socket socket;
        private final DataInputStream in;
        private final OutputStream out;

        Client(int port) throws IOException {
            socket = new Socket("127.0.0.1", port);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(60_000);
            in = new DataInputStream(socket.getInputStream());
            out = socket.getOutputStream();
            require(call(100, name(body().putInt(1 << 20), "9P2000.L")));
            require(call(104, name(name(body().putInt(0).putInt(-1), "root"), "/").putInt(0)));
        }

        private static void require(boolean done) throws IOException {
            if (!done) {
                throw new IOException("the session was refused");
            }
        }

        ByteBuffer body() {
            return ByteBuffer.allocate(8_192).order(ByteOrder.LITTLE_ENDIAN).position(7);
        }

        ByteBuffer name(ByteBuffer body, String text) {
            byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
            return body.putShort((short) bytes.length).put(bytes);
        }

        void create(String name) throws IOException {
            require(call(110, body().putInt(0).putInt(1).putShort((short) 0)));
            require(call(14, name(body().putInt(1), name).putInt(2).putInt(0644).putInt(0)));
        }

        void walk(int fid, int newFid, int names) throws IOException {
            ByteBuffer body = body().putInt(fid).putInt(newFid).putShort((short) names);
            for (int i = 0; i < names; i++) {
                name(body, LONG_NAME);
            }
            call(110, body);
        }

        boolean lock(int type, long start) throws IOException {
            ByteBuffer body = body().putInt(1).put((byte) 1);
            if (type == 52) {
                body.putInt(0);
            }
            byte[] reply = send(type, name(body.putLong(start).putLong(1).putInt(7), "host"));
            return reply[0] != 7 && reply[3] == 0;
        }

        boolean call(int type, ByteBuffer body) throws IOException {
            return send(type, body)[0] != 7;
        }

        private byte[] send(int type, ByteBuffer body) throws IOException {
            body.putInt(0, body.position()).put(4, (byte) type).putShort(5, (short) 1);
            out.write(Arrays.copyOf(body.array(), body.position()));
            byte[] reply = new byte[Integer.reverseBytes(in.readInt()) - 4];
            in.readFully(reply);
            return reply;
        }
    }
}
