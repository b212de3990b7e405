// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How fast a directory is for one program that does one thing after the other: small files, a large file, and fsyncs. The
 * cache of the kernel takes part, as in daily use. Each step has a limit in time, and everything is removed at the end.
 */
final class DirectoryTrial {
    private static final int FILES = 500;
    private static final int SYNCS = 50;
    private static final int SMALL_BYTES = 4096;
    private static final int PART_BYTES = 1 << 20;
    private static final int PARTS = 64;
    private static final long NANOS_MAX = 10_000_000_000L;

    private final Path scratch;
    private final byte[] bytes = new byte[PART_BYTES];
    private final List<Path> files = new ArrayList<>();

    private DirectoryTrial(Path scratch) {
        this.scratch = scratch;
        // Random bytes, because the volume compresses others.
        new SecureRandom().nextBytes(bytes);
    }

    /** A step, for the file of a number. */
    private interface Step {
        void run(int number) throws IOException;
    }

    static void run(Path directory, BenchCommand.Table table) throws IOException {
        String place = directory.toString();
        DirectoryTrial trial = new DirectoryTrial(Files.createTempDirectory(directory, "zerofs-bench-"));
        try {
            table.row(place, "files of 4 KiB made, without fsync", perSecond(steps(FILES, trial::make)), "/s");
            table.row(place, "the same files read", perSecond(steps(trial.files.size(), trial::read)), "/s");
            double[] syncs = trial.syncs();
            table.row(place, "4 KiB and fsync, median", syncs[syncs.length / 2], "ms");
            table.row(place, "4 KiB and fsync, longest", syncs[syncs.length - 1], "ms");
            table.row(place, "a file of 64 MiB written, with fsync", trial.write(), "MB/s");
            table.row(place, "the same file read", trial.readLarge(), "MB/s");
            table.row(place, "small files removed", perSecond(steps(trial.files.size(), trial::remove)), "/s");
        } finally {
            trial.removeAll();
        }
    }

    /** Runs a step for each number until its time is over. Returns the nanoseconds of each. */
    private static long[] steps(int count, Step step) throws IOException {
        long[] nanos = new long[count];
        long began = System.nanoTime();
        int done = 0;
        while (done < count && System.nanoTime() - began < NANOS_MAX) {
            long before = System.nanoTime();
            step.run(done);
            nanos[done++] = System.nanoTime() - before;
        }
        return Arrays.copyOf(nanos, done);
    }

    private static double perSecond(long[] nanos) {
        return nanos.length / (Arrays.stream(nanos).sum() / 1e9);
    }

    private void make(int number) throws IOException {
        Path file = scratch.resolve("file" + number);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            files.add(file);
            channel.write(ByteBuffer.wrap(bytes, number * 7 % SMALL_BYTES, SMALL_BYTES));
        }
    }

    private void read(int number) throws IOException {
        Files.readAllBytes(files.get(number));
    }

    private void remove(int number) throws IOException {
        Files.delete(files.get(number));
    }

    /** Returns the milliseconds of writes with fsync, sorted. */
    private double[] syncs() throws IOException {
        try (FileChannel channel =
                FileChannel.open(scratch.resolve("synced"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            long[] nanos = steps(SYNCS, number -> {
                channel.write(ByteBuffer.wrap(bytes, 0, SMALL_BYTES));
                channel.force(true);
            });
            return Arrays.stream(nanos).mapToDouble(each -> each / 1e6).sorted().toArray();
        }
    }

    private double write() throws IOException {
        try (FileChannel channel =
                FileChannel.open(scratch.resolve("large"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            long began = System.nanoTime();
            steps(PARTS, number -> channel.write(ByteBuffer.wrap(bytes)));
            channel.force(true);
            return channel.position() / 1e6 / ((System.nanoTime() - began) / 1e9);
        }
    }

    private double readLarge() throws IOException {
        try (FileChannel channel = FileChannel.open(scratch.resolve("large"), StandardOpenOption.READ)) {
            long began = System.nanoTime();
            steps(PARTS, number -> channel.read(ByteBuffer.allocate(PART_BYTES)));
            return channel.position() / 1e6 / ((System.nanoTime() - began) / 1e9);
        }
    }

    private void removeAll() throws IOException {
        List<Path> left = new ArrayList<>(files);
        left.add(scratch.resolve("synced"));
        left.add(scratch.resolve("large"));
        left.add(scratch);
        for (Path path : left) {
            Files.deleteIfExists(path);
        }
    }
}
