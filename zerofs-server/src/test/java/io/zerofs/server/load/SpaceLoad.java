// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import static io.zerofs.server.client.Nfs3Client.bytes;

import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.StableHow;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import java.util.function.ToLongFunction;

/**
 * Fills, overwrites and empties a volume over NFS version 3 and watches its store, a local directory: {@code SpaceLoad
 * PORT STORE WHAT SIZE SECONDS}. Prints its steps and the size of the store. Exits with 1 if the store stays larger
 * than its bound.
 */
final class SpaceLoad {
    private static final int BLOCK = 4096;
    private static final int LARGE = 1 << 18;
    private static final double BOUND = 1.3;
    private static final int SETTLING_SECONDS = Integer.getInteger("settling", 120);

    private final Nfs3Client client;
    private final byte[] root;
    private final Path store;
    private final Random random = new Random(1);
    private final long start = System.nanoTime();
    private boolean failed;

    private SpaceLoad(int port, Path store) throws IOException {
        this.client = Nfs3Client.alone(port);
        this.root = client.mount("/");
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
            case "read" -> load.report("MiB/s of a cold read", load.readAll(load.lookup("file")));
            default -> throw new IllegalArgumentException(args[2]);
        }
        System.exit(load.failed ? 1 : 0);
    }

    /** Writes a file of this many MiB. */
    private void fill(int mebibytes) throws Exception {
        byte[] file = create("file");
        for (long offset = 0; offset < (long) mebibytes << 20; offset += LARGE) {
            write(file, offset, payload(LARGE));
        }
        client.commit(file);
    }

    /** Overwrites the file of {@link #fill} at random in pieces of 4 KiB, with a COMMIT after each 16. */
    private void overwrite(int mebibytes, int seconds) throws Exception {
        byte[] file = lookup("file");
        int blocks = mebibytes * (1 << 20) / BLOCK;
        long loadEnds = System.nanoTime() + seconds * 1_000_000_000L;
        long written = 0;
        for (long next = 0; System.nanoTime() < loadEnds; ) {
            for (int i = 0; i < 16; i++) {
                write(file, (long) random.nextInt(blocks) * BLOCK, payload(BLOCK));
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

    /** Writes files of 1 to 64 KiB, removes half of them, rewrites the rest twice, and removes all. */
    private void files(int count) throws Exception {
        long[] sizes = new long[count];
        for (int i = 0; i < count; i++) {
            sizes[i] = rewrite(create("f" + i));
        }
        show(Arrays.stream(sizes).sum());
        for (int i = 0; i < count; i++) {
            if (random.nextBoolean()) {
                client.remove(root, "f" + i);
                sizes[i] = 0;
            }
        }
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < count; i++) {
                sizes[i] = sizes[i] == 0 ? 0 : rewrite(create("f" + i));
            }
            show(Arrays.stream(sizes).sum());
        }
        long live = Arrays.stream(sizes).sum();
        await("levels off at " + BOUND + " times the live data", bytes -> bytes <= BOUND * live);
        report("store to live data", (double) storeBytes() / live);
        for (int i = 0; i < count; i++) {
            if (sizes[i] > 0) {
                client.remove(root, "f" + i);
            }
        }
        await("returns to less than 1 MiB", bytes -> bytes < 1 << 20);
    }

    private long rewrite(byte[] file) throws IOException {
        int size = 1024 + random.nextInt(63 * 1024);
        client.call(Nfs3Result.WccOk.class, new Nfs3Call.SetAttr(file, Nfs3Client.ofSize(0), null));
        write(file, 0, payload(size));
        return size;
    }

    /** Writes pieces of 4 KiB in random order, each with its own COMMIT. */
    private void commits(int count) throws Exception {
        byte[] file = create("file");
        Integer[] order = new Integer[count];
        Arrays.setAll(order, i -> i);
        Collections.shuffle(Arrays.asList(order), random);
        for (int block : order) {
            write(file, (long) block * BLOCK, payload(BLOCK));
            client.commit(file);
        }
        report("commits in the store after the load", objects("commits"));
        awaitThat("becomes a few dozen objects", () -> objects("commits") <= 60);
        report("commits in the store", objects("commits"));
        report("store to live data", (double) storeBytes() / ((long) count * BLOCK));
    }

    /** Removes a file of 1 TiB with this many chunks while another client works. */
    private void sparse(int chunks) throws Exception {
        byte[] file = create("sparse");
        for (int i = 0; i < chunks; i++) {
            write(file, (1L << 40) / chunks * i / BLOCK * BLOCK, payload(512));
        }
        client.commit(file);
        show(chunks * 512L);
        byte[] other = create("other");
        double[] idle = latencies(other, 2000);
        long began = System.nanoTime();
        client.remove(root, "sparse");
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
            write(file, 0, payload(BLOCK));
            client.call(Nfs3Result.GetAttrOk.class, new Nfs3Call.GetAttr(file));
            millis[i] = (System.nanoTime() - began) / 1e6;
        }
        Arrays.sort(millis);
        return millis;
    }

    /** Reads the file from its beginning to its end, and returns the MiB per second. */
    private double readAll(byte[] file) throws IOException {
        long began = System.nanoTime();
        long bytes = 0;
        for (int count = -1; count != 0; bytes += count) {
            count = client.read(file, bytes, LARGE).length;
        }
        return bytes / 1048576.0 / ((System.nanoTime() - began) / 1e9);
    }

    /** Makes a file, or opens the one that is there. */
    private byte[] create(String name) throws IOException {
        Nfs3Call create =
                new Nfs3Call.Create(root, bytes(name), Nfs3Call.Create.Mode.UNCHECKED, Nfs3Client.ofMode(0666), 0);
        return client.call(Nfs3Result.CreateOk.class, create).object();
    }

    private byte[] lookup(String name) throws IOException {
        return client.lookup(root, name).object();
    }

    private void write(byte[] file, long offset, byte[] data) throws IOException {
        client.write(file, offset, data, StableHow.UNSTABLE);
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
        CountDownLatch pause = new CountDownLatch(1);
        long began = System.nanoTime();
        long end = began + SETTLING_SECONDS * 1_000_000_000L;
        while (!condition.holds()) {
            if (System.nanoTime() > end) {
                System.out.println("FAILED: the store does not do so in " + SETTLING_SECONDS + " s: " + what);
                show(0);
                failed = true;
                return;
            }
            pause.await(1, TimeUnit.SECONDS);
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

    /** Returns the sum over all files below the directory. A file that disappears meanwhile counts as zero. */
    private static long sum(File directory, ToLongFunction<File> number) {
        long sum = 0;
        File[] entries = directory.listFiles();
        for (File entry : entries == null ? new File[0] : entries) {
            sum += entry.isDirectory() ? sum(entry, number) : number.applyAsLong(entry);
        }
        return sum;
    }
}
