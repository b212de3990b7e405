// SPDX-License-Identifier: AGPL-3.0-only

import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Locale;
import java.util.Random;
import java.util.function.LongPredicate;
import java.util.function.ToLongFunction;

/**
 * Fills, overwrites and empties a volume over NFS version 3 and watches its store, a local directory. A single file that needs
 * the JDK only: {@code java SpaceLoad.java PORT STORE WHAT SIZE SECONDS}. Prints what it did and saw; ends with 1 if the store
 * did not get as small as it has to.
 */
public final class SpaceLoad {
    private static final int BLOCK = 4096;
    private static final int LARGE = 1 << 18;
    private static final double BOUND = 1.3;
    private static final int SETTLING_SECONDS = Integer.getInteger("settling", 120);

    private final Client client;
    private final Path store;
    private final Random random = new Random(1);
    private final long start = System.nanoTime();
    private boolean failed;

    private SpaceLoad(int port, Path store) throws IOException {
        this.client = new Client(port);
        this.store = store;
    }

    public static void main(String[] args) throws Exception {
        SpaceLoad load = new SpaceLoad(Integer.parseInt(args[0]), Path.of(args[1]));
        int size = Integer.parseInt(args[3]);
        int seconds = Integer.parseInt(args[4]);
        switch (args[2]) {
            case "fill" -> load.fill(size);
            case "overwrite" -> load.overwrite(size, seconds);
            case "files" -> load.files(size);
            case "commits" -> load.commits(size);
            case "sparse" -> load.sparse(size);
            case "read" -> load.report("MiB/s of a cold read", load.readAll(load.client.lookup("file")));
            default -> throw new IllegalArgumentException(args[2]);
        }
        System.exit(load.failed ? 1 : 0);
    }

    /** A file of this many MiB. */
    private void fill(int mebibytes) throws Exception {
        byte[] file = client.create("file");
        for (long offset = 0; offset < (long) mebibytes << 20; offset += LARGE) {
            client.write(file, offset, payload(LARGE));
        }
        client.commit(file);
    }

    /** That file, overwritten at random in pieces of 4 KiB, with a COMMIT after each 16. */
    private void overwrite(int mebibytes, int seconds) throws Exception {
        byte[] file = client.lookup("file");
        int blocks = mebibytes * (1 << 20) / BLOCK;
        long loadEnds = System.nanoTime() + seconds * 1_000_000_000L;
        long written = 0;
        for (long next = 0; System.nanoTime() < loadEnds; ) {
            for (int i = 0; i < 16; i++) {
                client.write(file, (long) random.nextInt(blocks) * BLOCK, payload(BLOCK));
                written += BLOCK;
            }
            client.commit(file);
            if (System.nanoTime() >= next) {
                show(written);
                next = System.nanoTime() + 10_000_000_000L;
            }
        }
        report("overwritten, MiB/s", written / 1048576.0 / seconds);
        long live = (long) blocks * BLOCK;
        await("levels off at " + BOUND + " times the live data", bytes -> bytes <= BOUND * live);
        report("store to live data", (double) storeBytes() / live);
    }

    /** Files of 1 to 64 KiB: written, half of them removed, the rest rewritten twice, all removed. */
    private void files(int count) throws Exception {
        long[] sizes = new long[count];
        for (int i = 0; i < count; i++) {
            sizes[i] = rewrite(client.create("f" + i));
        }
        show(Arrays.stream(sizes).sum());
        for (int i = 0; i < count; i++) {
            if (random.nextBoolean()) {
                client.remove("f" + i);
                sizes[i] = 0;
            }
        }
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < count; i++) {
                sizes[i] = sizes[i] == 0 ? 0 : rewrite(client.create("f" + i));
            }
            show(Arrays.stream(sizes).sum());
        }
        long live = Arrays.stream(sizes).sum();
        await("levels off at " + BOUND + " times the live data", bytes -> bytes <= BOUND * live);
        report("store to live data", (double) storeBytes() / live);
        for (int i = 0; i < count; i++) {
            if (sizes[i] > 0) {
                client.remove("f" + i);
            }
        }
        await("returns to less than 1 MiB", bytes -> bytes < 1 << 20);
    }

    private long rewrite(byte[] file) throws IOException {
        int size = 1024 + random.nextInt(63 * 1024);
        client.truncate(file, 0);
        client.write(file, 0, payload(size));
        return size;
    }

    /** Writes pieces of 4 KiB in random order, each with its own COMMIT. */
    private void commits(int count) throws Exception {
        byte[] file = client.create("file");
        Integer[] order = new Integer[count];
        Arrays.setAll(order, i -> i);
        Collections.shuffle(Arrays.asList(order), random);
        for (int block : order) {
            client.write(file, (long) block * BLOCK, payload(BLOCK));
            client.commit(file);
        }
        report("commits in the store after the load", objects("commits"));
        awaitThat("becomes a few dozen objects", () -> objects("commits") <= 60);
        report("commits in the store", objects("commits"));
        report("store to live data", (double) storeBytes() / ((long) count * BLOCK));
    }

    /** A file of 1 TiB with so many chunks is removed while another client works. */
    private void sparse(int chunks) throws Exception {
        byte[] file = client.create("sparse");
        for (int i = 0; i < chunks; i++) {
            client.write(file, (1L << 40) / chunks * i / BLOCK * BLOCK, payload(512));
        }
        client.commit(file);
        show(chunks * 512L);
        byte[] other = client.create("other");
        double[] idle = latencies(other, 2000);
        long began = System.nanoTime();
        client.remove("sparse");
        report("answer to the removal, ms", (System.nanoTime() - began) / 1e6);
        double[] busy = latencies(other, 2000);
        report("p99 of other operations, idle, ms", idle[(int) (idle.length * 0.99)]);
        report("p99 of other operations, while it is drained, ms", busy[(int) (busy.length * 0.99)]);
        report("ratio", busy[(int) (busy.length * 0.99)] / idle[(int) (idle.length * 0.99)]);
        await("gives the space back", bytes -> bytes < 1 << 20);
    }

    private double[] latencies(byte[] file, int count) throws IOException {
        double[] millis = new double[count];
        for (int i = 0; i < count; i++) {
            long began = System.nanoTime();
            client.write(file, 0, payload(BLOCK));
            client.getattr(file);
            millis[i] = (System.nanoTime() - began) / 1e6;
        }
        Arrays.sort(millis);
        return millis;
    }

    /** Reads the file from its begin to its end; MiB per second. */
    private double readAll(byte[] file) throws IOException {
        long began = System.nanoTime();
        long bytes = 0;
        for (int count = -1; count != 0; bytes += count) {
            count = client.read(file, bytes, LARGE);
        }
        return bytes / 1048576.0 / ((System.nanoTime() - began) / 1e9);
    }

    private byte[] payload(int bytes) {
        byte[] payload = new byte[bytes];
        random.nextBytes(payload);
        return payload;
    }

    private interface Condition {
        boolean holds();
    }

    private void await(String what, LongPredicate small) throws Exception {
        awaitThat(what, () -> small.test(storeBytes()));
    }

    private void awaitThat(String what, Condition condition) throws Exception {
        long began = System.nanoTime();
        long end = began + SETTLING_SECONDS * 1_000_000_000L;
        while (!condition.holds()) {
            if (System.nanoTime() > end) {
                System.out.println("FAILED: the store does not do so in " + SETTLING_SECONDS + " s: " + what);
                show(0);
                failed = true;
                return;
            }
            Thread.sleep(1000);
        }
        System.out.printf(Locale.ROOT, "the store %s: after %.0f s%n", what, (System.nanoTime() - began) / 1e9);
    }

    private void show(long written) {
        System.out.printf(
                Locale.ROOT,
                "%4.0f s: written %6.1f MiB, store %6.1f MiB in %d commits%n",
                (System.nanoTime() - start) / 1e9,
                written / 1048576.0,
                storeBytes() / 1048576.0,
                objects("commits"));
    }

    private void report(String what, double number) {
        System.out.printf(Locale.ROOT, "%s: %.2f%n", what, number);
    }

    private long storeBytes() {
        return sum(store.toFile(), File::length);
    }

    private int objects(String prefix) {
        return (int) sum(store.resolve(prefix).toFile(), file -> 1);
    }

    /** Sums over all files below; what goes away meanwhile counts as nothing. */
    private static long sum(File directory, ToLongFunction<File> number) {
        long sum = 0;
        File[] entries = directory.listFiles();
        for (File entry : entries == null ? new File[0] : entries) {
            sum += entry.isDirectory() ? sum(entry, number) : number.applyAsLong(entry);
        }
        return sum;
    }

    /** One connection, one call at a time. */
    private static final class Client {
        private static final int LAST_FRAGMENT = 0x8000_0000;
        private static final int NFS = 100_003;
        private static final int MOUNT = 100_005;
        private static final int REPLY_HEADER_BYTES = 24;

        private final SocketChannel socket;
        private final byte[] root;
        private final ByteBuffer out = ByteBuffer.allocate(1 << 19);
        private int xid = 1;

        Client(int port) throws IOException {
            socket = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
            begin(MOUNT, 1);
            opaque("/".getBytes(StandardCharsets.UTF_8));
            root = handle(call());
        }

        byte[] create(String name) throws IOException {
            begin(NFS, 8);
            entry(name);
            out.putInt(0).putInt(1).putInt(0666).putInt(0).putInt(0).putInt(0).putInt(0).putInt(0);
            return handle(call().position(8));
        }

        byte[] lookup(String name) throws IOException {
            begin(NFS, 3);
            entry(name);
            return handle(call());
        }

        void remove(String name) throws IOException {
            begin(NFS, 12);
            entry(name);
            call();
        }

        void write(byte[] file, long offset, byte[] bytes) throws IOException {
            begin(NFS, 7);
            opaque(file);
            out.putLong(offset).putInt(bytes.length).putInt(0);
            opaque(bytes);
            call();
        }

        void truncate(byte[] file, long size) throws IOException {
            begin(NFS, 2);
            opaque(file);
            out.putInt(0).putInt(0).putInt(0).putInt(1).putLong(size).putInt(0).putInt(0).putInt(0);
            call();
        }

        void commit(byte[] file) throws IOException {
            begin(NFS, 21);
            opaque(file);
            out.putLong(0).putInt(0);
            call();
        }

        void getattr(byte[] file) throws IOException {
            begin(NFS, 1);
            opaque(file);
            call();
        }

        int read(byte[] file, long offset, int count) throws IOException {
            begin(NFS, 6);
            opaque(file);
            out.putLong(offset).putInt(count);
            ByteBuffer reply = call();
            return reply.getInt(reply.getInt(4) == 1 ? 8 + 84 : 8);
        }

        private void begin(int program, int procedure) {
            out.clear();
            // Another xid each time: the same call with the same one would be taken for a repetition.
            out.putInt(0).putInt(xid++).putInt(0).putInt(2).putInt(program).putInt(3).putInt(procedure);
            // AUTH_SYS: stamp, machine name "load", uid, gid, no groups; no verifier
            out.putInt(1).putInt(24).putInt(0).putInt(4).putInt(0x6c6f6164);
            out.putInt(0).putInt(0).putInt(0).putInt(0).putInt(0);
        }

        private void entry(String name) {
            opaque(root);
            opaque(name.getBytes(StandardCharsets.UTF_8));
        }

        private void opaque(byte[] bytes) {
            out.putInt(bytes.length).put(bytes).put(new byte[-bytes.length & 3]);
        }

        private static byte[] handle(ByteBuffer reply) {
            if (reply.position() == 0) {
                reply.position(4);
            }
            byte[] handle = new byte[reply.getInt()];
            reply.get(handle);
            return handle;
        }

        /** Sends the call and returns the results, from their status on. */
        private ByteBuffer call() throws IOException {
            out.putInt(0, LAST_FRAGMENT | out.position() - Integer.BYTES);
            out.flip();
            while (out.hasRemaining()) {
                socket.write(out);
            }
            ByteBuffer reply = receive(receive(Integer.BYTES).getInt() & ~LAST_FRAGMENT);
            ByteBuffer results = reply.position(REPLY_HEADER_BYTES).slice();
            if (results.getInt(0) != 0) {
                throw new IOException("status " + results.getInt(0));
            }
            return results;
        }

        private ByteBuffer receive(int length) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(length);
            while (bytes.hasRemaining()) {
                if (socket.read(bytes) < 0) {
                    throw new EOFException("the server closed the connection");
                }
            }
            return bytes.flip();
        }
    }
}
