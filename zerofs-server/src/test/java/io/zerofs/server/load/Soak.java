// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code Soak SECONDS DIRECTORY}: NFS, 9P and NBD clients work on files of their own and verify all that they read. The
 * file "serving" of the directory names the daemon, and they survive its restarts. Samples go into "soak.tsv" there. Prints
 * "working" once all clients know their files. With 0 seconds it only verifies what the last run left. {@code
 * -Drate=40}: requests per second of all clients together.
 */
final class Soak {
    private static final double RATE = Double.parseDouble(System.getProperty("rate", "40"));
    private static final long DEVICE_BYTES = 32 << 20;
    private static final long SAMPLE_NANOS_MAX = 10_000_000_000L;
    private static final long END_NANOS_MAX = 300_000_000_000L;
    private static final long STARVED_NANOS_MAX = 900_000_000_000L;

    private final Path directory;
    private final long seed = System.nanoTime();
    private final long seconds;
    private final List<SoakWorker> workers = new ArrayList<>();
    private final List<Long> latencies = new ArrayList<>(); // guarded by itself
    private final AtomicLong requests = new AtomicLong();
    private final AtomicInteger recoveries = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();
    private final CountDownLatch over = new CountDownLatch(1);
    private final CountDownLatch ready;

    private Soak(long seconds, Path directory) {
        this.seconds = seconds;
        this.directory = directory;
        add("nfs0", serving -> new SoakNfs(serving.nfs(), "nfs0"));
        add("nfs1", serving -> new SoakNfs(serving.nfs(), "nfs1"));
        add("ninep0", serving -> new SoakNineP(serving.ninep(), "ninep0"));
        add("ninep1", serving -> new SoakNineP(serving.ninep(), "ninep1"));
        add("nbd0", serving -> new SoakNbd(serving.nfs(), serving.nbd(), "nbd0", DEVICE_BYTES));
        ready = new CountDownLatch(workers.size());
    }

    private void add(String name, SoakWorker.Connect connect) {
        workers.add(new SoakWorker(this, workers.size(), name, connect));
    }

    public static void main(String[] arguments) throws Exception {
        Soak soak = new Soak(Long.parseLong(arguments[0]), Path.of(arguments[1]));
        System.exit(soak.run() ? 0 : 1);
    }

    private boolean run() throws Exception {
        System.out.println("seed " + seed);
        List<Thread> threads = workers.stream().map(Thread::new).toList();
        threads.forEach(Thread::start);
        while (!ready.await(1, TimeUnit.SECONDS) && failures.get() == 0) {
            // A cold volume takes its time on a busy machine.
        }
        System.out.println("working");
        SoakSamples samples = new SoakSamples(directory, seconds);
        sample(samples);
        over.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        System.out.println(requests + " requests, " + recoveries + " times a client found its files after a restart");
        if (failures.get() == 0 && seconds > 0) {
            samples.verdict().forEach(this::fail);
        }
        return failures.get() == 0;
    }

    private void sample(SoakSamples samples) throws Exception {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        long progressed = System.nanoTime();
        long before = -1;
        long step = Math.max(1, Math.min(SAMPLE_NANOS_MAX, seconds * 1_000_000_000L / 100));
        while (System.nanoTime() < end && !over.await(step, TimeUnit.NANOSECONDS)) {
            samples.add(
                    serving(),
                    requests.get(),
                    workers.stream().mapToLong(SoakWorker::liveBytes).sum(),
                    takeLatencies());
            if (requests.get() != before) {
                before = requests.get();
                progressed = System.nanoTime();
            } else if (System.nanoTime() - progressed > STARVED_NANOS_MAX) {
                Thread.getAllStackTraces()
                        .forEach((thread, stack) -> System.out.println(thread + " " + Arrays.toString(stack)));
                fail("no request ended for " + TimeUnit.NANOSECONDS.toSeconds(STARVED_NANOS_MAX) + " s");
                System.exit(1);
            }
        }
    }

    private long[] takeLatencies() {
        synchronized (latencies) {
            long[] taken =
                    latencies.stream().mapToLong(Long::longValue).sorted().toArray();
            latencies.clear();
            return taken;
        }
    }

    Path directory() {
        return directory;
    }

    long seed() {
        return seed;
    }

    SoakServing serving() throws IOException {
        return SoakServing.read(directory.resolve("serving"));
    }

    void ready() {
        ready.countDown();
    }

    /** Waits for the turn of the next request. Returns false if the time is over. */
    boolean paced() {
        try {
            return seconds > 0 && !over.await((long) (workers.size() / RATE * 1e9), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            return false;
        }
    }

    void measured(long nanos) {
        requests.incrementAndGet();
        synchronized (latencies) {
            latencies.add(nanos);
        }
    }

    void survived() {
        recoveries.incrementAndGet();
    }

    /** Waits until another daemon serves than the one whose request failed. Without one the failure is the server's. */
    void awaitOther(SoakServing failed, Throwable reason) throws IOException {
        long began = System.nanoTime();
        CountDownLatch pause = new CountDownLatch(1);
        while (serving().number() == failed.number()) {
            try {
                pause.await(100, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            boolean lives = ProcessHandle.of(failed.pid()).isPresent();
            if (System.nanoTime() - began > (lives ? END_NANOS_MAX : STARVED_NANOS_MAX) || failures.get() > 0) {
                throw new SoakFailure("a request failed, and no daemon started again", reason);
            }
        }
    }

    void failed(String client, Throwable reason) {
        reason.printStackTrace(System.out);
        fail(client + ": " + reason.getMessage());
        over.countDown();
    }

    private void fail(String what) {
        System.out.println("FAILED: " + what);
        failures.incrementAndGet();
    }
}
