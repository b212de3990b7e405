// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.random;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.StackWalker.Option;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Feeds a fuzz target with damaged samples. A target is a method that takes any bytes and throws only if the code under
 * test is wrong. So the same target also serves the fuzzer of {@code ci/fuzz}, which is guided by coverage.
 */
public final class Mutations {
    private static final int INPUT_BYTES_MAX = 1 << 16;
    private static final int DAMAGES_MAX = 5;
    private static final int INSERTED_BYTES_MAX = 16;
    private static final int HEX_BYTES_MAX = 4096;
    private static final long[] ODD_NUMBERS = {
        0,
        1,
        -1,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0xffff,
        0x7fff_ffff,
        0x8000_0000L,
        0xffff_ffffL,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    /** Heap that a target may take for any input, and for each byte of it. */
    private static final long ALLOCATED_BYTES_MAX = 4 << 20;

    private static final long ALLOCATED_PER_BYTE_MAX = 512;

    private static final int RUNS_MAX = 3;

    private static final StackWalker CALLER = StackWalker.getInstance(Option.RETAIN_CLASS_REFERENCE);
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Mutations() {}

    /** Code that reads untrusted bytes. */
    @FunctionalInterface
    public interface Target {
        void accept(byte[] input) throws Exception;
    }

    /** A sample for a target whose first byte chooses what reads the rest. */
    public static byte[] sample(int kind, byte[] bytes) {
        byte[] sample = new byte[1 + bytes.length];
        sample[0] = (byte) kind;
        System.arraycopy(bytes, 0, sample, 1, bytes.length);
        return sample;
    }

    /**
     * Runs the target {@code rounds} times; a failure names the input and the seed. With {@code -Dzerofs.samples=DIRECTORY}
     * it only writes the samples for {@code ci/fuzz}, into a directory with the name of the calling class.
     */
    public static void run(List<byte[]> samples, int rounds, Target target) throws Exception {
        String directory = System.getProperty("zerofs.samples");
        if (directory != null) {
            write(samples, Path.of(directory, CALLER.getCallerClass().getSimpleName()));
            return;
        }
        Seeds.run(seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            for (int i = 0; i < rounds; i++) {
                byte[] input = damaged(samples, random);
                try {
                    target.accept(input.clone());
                } catch (Exception | AssertionError | StackOverflowError e) {
                    byte[] shown = Arrays.copyOf(input, Math.min(input.length, HEX_BYTES_MAX));
                    throw new AssertionError("input " + HexFormat.of().formatHex(shown), e);
                }
            }
        });
    }

    /** Runs the code that the first byte of a {@link #sample} chooses, within the heap of {@link #bounded}. */
    public static void readSample(byte[] input, int kinds, KindReading code) throws Exception {
        if (input.length > 0) {
            byte[] bytes = Arrays.copyOfRange(input, 1, input.length);
            bounded(bytes.length, () -> code.read(Math.floorMod(input[0], kinds), bytes));
        }
    }

    /**
     * Runs code that reads {@code inputBytes} bytes, and fails if it takes more heap than such an input may cost. Too much
     * counts only if it comes each time, since classes are loaded at their first use, and a second run may go another way.
     */
    public static void bounded(int inputBytes, Reading code) throws Exception {
        long allowed = ALLOCATED_BYTES_MAX + ALLOCATED_PER_BYTE_MAX * inputBytes;
        long took = allocated(code);
        for (int again = 1; again < RUNS_MAX && took > allowed; again++) {
            took = allocated(code);
        }
        if (took > allowed) {
            throw new AssertionError(took + " bytes of heap for " + inputBytes + " bytes of input");
        }
    }

    private static long allocated(Reading code) throws Exception {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        code.read();
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    /** Code that reads bytes, and handles what its contract lets it throw. */
    @FunctionalInterface
    public interface Reading {
        void read() throws Exception;
    }

    /** Code that reads bytes of one kind, and handles what its contract lets it throw. */
    @FunctionalInterface
    public interface KindReading {
        void read(int kind, byte[] bytes) throws Exception;
    }

    private static void write(List<byte[]> samples, Path directory) throws IOException {
        Files.createDirectories(directory);
        for (int i = 0; i < samples.size(); i++) {
            Files.write(directory.resolve("sample" + i), samples.get(i));
        }
    }

    private static byte[] damaged(List<byte[]> samples, SplittableRandom random) {
        byte[] bytes = samples.get(random.nextInt(samples.size())).clone();
        for (int i = random.nextInt(DAMAGES_MAX); i > 0; i--) {
            bytes = damage(bytes, samples, random);
        }
        return bytes.length > INPUT_BYTES_MAX ? Arrays.copyOf(bytes, INPUT_BYTES_MAX) : bytes;
    }

    private static byte[] damage(byte[] bytes, List<byte[]> samples, SplittableRandom random) {
        int at = random.nextInt(bytes.length + 1);
        return switch (random.nextInt(7)) {
            case 0 -> Arrays.copyOf(bytes, at);
            case 1 -> joined(bytes, at, randomBytes(random), at);
            case 2 ->
                joined(bytes, at, new byte[0], Math.min(bytes.length, at + 1 + random.nextInt(INSERTED_BYTES_MAX)));
            case 3 -> {
                byte[] other = samples.get(random.nextInt(samples.size()));
                int from = random.nextInt(other.length + 1);
                yield joined(bytes, at, Arrays.copyOfRange(other, from, other.length), bytes.length);
            }
            case 4 -> withNumber(bytes, at, random);
            default -> {
                if (bytes.length > 0) {
                    bytes[at % bytes.length] = (byte) random.nextInt();
                }
                yield bytes;
            }
        };
    }

    private static byte[] randomBytes(SplittableRandom random) {
        byte[] inserted = new byte[1 + random.nextInt(INSERTED_BYTES_MAX)];
        random.nextBytes(inserted);
        return inserted;
    }

    /** Returns {@code bytes} with {@code inserted} in place of the bytes between two offsets. */
    private static byte[] joined(byte[] bytes, int from, byte[] inserted, int to) {
        byte[] result = Arrays.copyOf(bytes, from + inserted.length + bytes.length - to);
        System.arraycopy(inserted, 0, result, from, inserted.length);
        System.arraycopy(bytes, to, result, from + inserted.length, bytes.length - to);
        return result;
    }

    private static byte[] withNumber(byte[] bytes, int at, SplittableRandom random) {
        long number = ODD_NUMBERS[random.nextInt(ODD_NUMBERS.length)];
        int length = Math.min(1 << random.nextInt(4), bytes.length - at);
        boolean littleEndian = random.nextBoolean();
        for (int i = 0; i < length; i++) {
            int shift = Byte.SIZE * (littleEndian ? i : length - 1 - i);
            bytes[at + i] = (byte) (number >> shift);
        }
        return bytes;
    }
}
