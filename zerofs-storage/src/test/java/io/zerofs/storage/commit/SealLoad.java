// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.seal.Aead;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.Salt;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.UUID;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;

/**
 * Seals and opens chunks of 256 KiB on one thread, the way commits do it with lz4, beside {@code openssl speed} and lz4
 * alone: {@code SealLoad SECONDS ROUNDS}. All count processor time. Prints MB/s of plain data
 * (median, lowest and highest round) and ratios.
 */
final class SealLoad {
    private static final int CHUNK_BYTES = 256 * 1024;
    private static final int PAGE_BYTES = 32 * 1024;
    private static final int CHUNKS = 8;
    private static final UUID VOLUME = new UUID(1, 2);

    private final SplittableRandom random = new SplittableRandom(1);
    private final ObjectKeys keys = new ObjectKeys(Secret.of(new byte[Aead.KEY_BYTES]), VOLUME, Aead.fastest());
    private final CommitSealer sealer = new CommitSealer(keys, Compression.LZ4, ParallelSteps.NONE);
    private final CommitReader reader = new CommitReader(new MemoryObjectStore(), keys);
    private long seq;

    public static void main(String[] arguments) throws Exception {
        double seconds = Double.parseDouble(arguments[0]);
        int rounds = Integer.parseInt(arguments[1]);
        new SealLoad().run(seconds, rounds);
    }

    private void run(double seconds, int rounds) throws Exception {
        System.out.println(Aead.fastest().getClass().getSimpleName() + ", Java " + Runtime.version());
        byte[] noise = new byte[CHUNK_BYTES];
        random.nextBytes(noise);
        byte[] text = text();
        String[] names = {
            "openssl speed",
            "seal, incompressible",
            "open, incompressible",
            "lz4 alone, text",
            "seal, text",
            "open, text",
            "MD5 of a put's body"
        };
        double[][] results = new double[names.length][rounds];
        sealRate(noise, seconds);
        openRate(noise, seconds);
        for (int round = 0; round < rounds; round++) {
            results[0][round] = opensslRate((int) Math.ceil(seconds));
            results[1][round] = sealRate(noise, seconds);
            results[2][round] = openRate(noise, seconds);
            results[3][round] = compressRate(text, seconds);
            results[4][round] = sealRate(text, seconds);
            results[5][round] = openRate(text, seconds);
            results[6][round] = digestRate(noise, seconds);
        }
        System.out.printf(
                Locale.ROOT, "%-22s %10s %21s %7s%n", "256 KiB, one thread", "MB/s", "lowest .. highest", "ratio");
        double peer = median(results[0]);
        for (int i = 0; i < names.length; i++) {
            double[] sorted = results[i].clone();
            Arrays.sort(sorted);
            System.out.printf(
                    Locale.ROOT,
                    "%-22s %10.0f %9.0f .. %8.0f %7.2f%n",
                    names[i],
                    median(sorted),
                    sorted[0],
                    sorted[rounds - 1],
                    median(sorted) / peer);
        }
    }

    private interface Step {
        /** Returns the bytes that it has processed. */
        long run() throws Exception;
    }

    /** Returns the rate of the repeated step, in MB per second of processor time. */
    private static double rate(double seconds, Step step) throws Exception {
        long start = cpuNanos();
        long bytes = 0;
        do {
            bytes += step.run();
        } while (cpuNanos() - start < seconds * 1e9);
        return bytes * 1e3 / (cpuNanos() - start);
    }

    private double sealRate(byte[] chunk, double seconds) throws Exception {
        return rate(
                seconds,
                () -> seal(chunk).frames().frames().stream()
                        .mapToLong(Frame::length)
                        .sum());
    }

    /** Returns the rate of lz4 alone, the bound of sealing with a cipher without cost. */
    private static double compressRate(byte[] chunk, double seconds) throws Exception {
        LZ4Compressor compressor = LZ4Factory.fastestInstance().fastCompressor();
        byte[] packed = new byte[compressor.maxCompressedLength(PAGE_BYTES)];
        return rate(seconds, () -> {
            for (int at = 0; at < chunk.length; at += PAGE_BYTES) {
                compressor.compress(chunk, at, PAGE_BYTES, packed, 0);
            }
            return chunk.length;
        });
    }

    /** Returns the rate of the digest that each PUT to S3 or Azure needs beside sealing. */
    private static double digestRate(byte[] chunk, double seconds) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("MD5");
        return rate(seconds, () -> {
            digest.update(ByteBuffer.wrap(chunk));
            return chunk.length;
        });
    }

    private double openRate(byte[] chunk, double seconds) throws Exception {
        SealedCommit commit = seal(chunk);
        return rate(seconds, () -> {
            long bytes = 0;
            for (Frame frame : commit.frames().frames()) {
                for (int page = 0; page < frame.pageCount(); page++) {
                    ByteBuffer stored = commit.storedPage(frame.slot(), page);
                    bytes += reader.openPage(commit.frames(), frame.slot(), page, stored)
                            .remaining();
                }
            }
            return bytes;
        });
    }

    private SealedCommit seal(byte[] chunk) {
        List<FrameContent> slots = new ArrayList<>();
        for (int i = 0; i < CHUNKS; i++) {
            slots.add(new FrameContent.Full(ByteBuffer.wrap(chunk)));
        }
        CommitDraft.Log log = new CommitDraft.Log(0, Salt.NONE, List.of(), List.of());
        return sealer.seal(new CommitDraft(new CommitId(1, ++seq), Salt.random(random), log, slots));
    }

    private byte[] text() {
        StringBuilder text = new StringBuilder();
        String[] words = {
            "the", "store", "of", "a", "commit", "is", "sealed", "and", "then", "found", "again", "in", "log"
        };
        while (text.length() < CHUNK_BYTES) {
            text.append(words[random.nextInt(words.length)]).append(random.nextInt(20) == 0 ? ".\n" : " ");
        }
        return text.substring(0, CHUNK_BYTES).getBytes(StandardCharsets.US_ASCII);
    }

    /** Returns the rate of openssl, whose last line ends with thousands of bytes per second of processor time. */
    private static double opensslRate(int seconds) throws Exception {
        Process process = new ProcessBuilder(
                        "openssl",
                        "speed",
                        "-seconds",
                        Integer.toString(seconds),
                        "-bytes",
                        Integer.toString(CHUNK_BYTES),
                        "-evp",
                        "chacha20-poly1305")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (process.waitFor() != 0) {
            throw new IllegalStateException("openssl speed failed");
        }
        String last = output.substring(output.lastIndexOf(' ') + 1);
        return Double.parseDouble(last.substring(0, last.length() - 1)) / 1e3;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
