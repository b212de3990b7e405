// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.runtime;

import io.zerofs.core.volume.Volume;
import io.zerofs.storage.commit.CommitLimits;
import java.time.Duration;

/**
 * Limits of the engine. {@link #DEFAULT} is for engines on their own, and the program's values follow from its
 * configuration. {@code with…} methods change one group.
 *
 * @param memory limits of memory
 * @param commits limits of commits and their uploads
 * @param compaction thresholds of compaction
 * @param disk limits of the disk cache beside the index
 */
public record EngineSettings(Memory memory, Commits commits, Compaction compaction, Disk disk) {
    private static final int MIB = 1 << 20;

    public static final EngineSettings DEFAULT = new EngineSettings(
            new Memory(256L * MIB, 256L * MIB, 1 << 16),
            new Commits(
                    16 * MIB,
                    64 * MIB,
                    Duration.ofSeconds(5),
                    8,
                    64L * MIB,
                    Duration.ofSeconds(60),
                    Duration.ofSeconds(10)),
            new Compaction(16, 48, 2, 32),
            // Not NONE, which is null here if the JVM initializes Disk first.
            new Disk(0, 0));

    /**
     * @param dirtyBytesMax data and log that are not yet in the store; writers wait beyond. Sealed copies in flight take further
     *     {@link Commits#uploadBytesMax}, or {@link Commits#grownBytesMax} if that is more
     * @param pageCacheBytes decoded pages; half of it keeps what was just written, and what is stored before an earlier commit
     * @param entriesMax chunk entries kept decoded, about 200 bytes each
     */
    public record Memory(long dirtyBytesMax, long pageCacheBytes, int entriesMax) {
        public Memory {
            require(
                    dirtyBytesMax >= 2L * Volume.RESERVATION_BYTES_MAX,
                    "dirty bytes must be at least " + 2 * Volume.RESERVATION_BYTES_MAX);
            require(pageCacheBytes >= 0, "page cache must not be negative");
            require(entriesMax >= 1 && entriesMax <= 1 << 24, "chunk entries must be 1 to 2^24");
        }

        public Memory withDirtyBytesMax(long max) {
            return new Memory(max, pageCacheBytes, entriesMax);
        }

        public Memory withPageCacheBytes(long bytes) {
            return new Memory(dirtyBytesMax, bytes, entriesMax);
        }

        public Memory withEntriesMax(int max) {
            return new Memory(dirtyBytesMax, pageCacheBytes, max);
        }

        /** Returns the bytes for frames of durable commits that are kept as they were written. */
        public long keptBytesMax() {
            return pageCacheBytes / 2;
        }
    }

    /**
     * @param cutBytes data and log of a commit that is cut for its size
     * @param grownBytesMax the same while most written blocks replace recently written ones
     * @param flushInterval maximum time that a change waits for a cut
     * @param uploadsMax maximum commits in flight
     * @param uploadBytesMax bytes of those commits; one is always allowed
     * @param barrierDeadline time without progress after which a barrier fails; the upload continues
     * @param retryDelayMax longest pause between two attempts to upload
     */
    public record Commits(
            int cutBytes,
            int grownBytesMax,
            Duration flushInterval,
            int uploadsMax,
            long uploadBytesMax,
            Duration barrierDeadline,
            Duration retryDelayMax) {
        public Commits {
            require(
                    cutBytes >= 4096 && cutBytes <= CommitLimits.LOG_BYTES_MAX / 4,
                    "a commit is cut at 4096 to " + CommitLimits.LOG_BYTES_MAX / 4 + " bytes");
            require(grownBytesMax >= cutBytes, "a commit that grows must be allowed what others are");
            require(isPositive(flushInterval), "flush interval must be positive");
            require(uploadsMax >= 1 && uploadsMax <= 256, "uploads must be 1 to 256");
            require(uploadBytesMax >= cutBytes, "upload bytes must be at least those of a commit");
            require(isPositive(barrierDeadline), "barrier deadline must be positive");
            require(isPositive(retryDelayMax), "retry delay must be positive");
        }

        public Commits withCut(int newCutBytes, int newGrownBytesMax) {
            return new Commits(
                    newCutBytes,
                    newGrownBytesMax,
                    flushInterval,
                    uploadsMax,
                    uploadBytesMax,
                    barrierDeadline,
                    retryDelayMax);
        }

        public Commits withFlushInterval(Duration interval) {
            return new Commits(
                    cutBytes, grownBytesMax, interval, uploadsMax, uploadBytesMax, barrierDeadline, retryDelayMax);
        }

        public Commits withUploads(int max, long bytesMax) {
            return new Commits(cutBytes, grownBytesMax, flushInterval, max, bytesMax, barrierDeadline, retryDelayMax);
        }

        public Commits withBarrierDeadline(Duration deadline) {
            return new Commits(
                    cutBytes, grownBytesMax, flushInterval, uploadsMax, uploadBytesMax, deadline, retryDelayMax);
        }

        public Commits withRetryDelayMax(Duration max) {
            return new Commits(
                    cutBytes, grownBytesMax, flushInterval, uploadsMax, uploadBytesMax, barrierDeadline, max);
        }
    }

    /**
     * @param queueAt deltas of a chunk from which on it is queued for compaction
     * @param waitAt deltas of a chunk from which on its writers wait
     * @param tasksMax maximum compactions in parallel
     * @param baseAt touched 4 KiB blocks from which on the base is compacted too; a quarter of a chunk is 16
     */
    public record Compaction(int queueAt, int waitAt, int tasksMax, int baseAt) {
        public Compaction {
            require(queueAt >= 2, "compaction begins with 2 deltas at least");
            require(
                    waitAt > queueAt && waitAt <= 1024,
                    "writers wait beyond the compaction threshold, at most at 1024");
            require(tasksMax >= 1 && tasksMax <= 64, "compactions must be 1 to 64");
            require(baseAt >= 1 && baseAt <= 64, "the base is compacted from 1 to 64 blocks");
        }

        public Compaction withDeltas(int newQueueAt, int newWaitAt) {
            return new Compaction(newQueueAt, newWaitAt, tasksMax, baseAt);
        }

        public Compaction withTasksMax(int max) {
            return new Compaction(queueAt, waitAt, max, baseAt);
        }

        public Compaction withBaseAt(int blocks) {
            return new Compaction(queueAt, waitAt, tasksMax, blocks);
        }
    }

    /**
     * @param cacheBytes stored bytes of commits; 0 for none
     * @param freeBytesMin free bytes of the file system for the index and other programs; the cache shrinks to keep them free
     */
    public record Disk(long cacheBytes, long freeBytesMin) {
        public static final Disk NONE = new Disk(0, 0);

        public Disk {
            require(cacheBytes >= 0 && freeBytesMin >= 0, "disk space must not be negative");
        }
    }

    public EngineSettings with(Memory other) {
        return new EngineSettings(other, commits, compaction, disk);
    }

    public EngineSettings with(Commits other) {
        return new EngineSettings(memory, other, compaction, disk);
    }

    public EngineSettings with(Compaction other) {
        return new EngineSettings(memory, commits, other, disk);
    }

    public EngineSettings with(Disk other) {
        return new EngineSettings(memory, commits, compaction, other);
    }

    private static boolean isPositive(Duration duration) {
        return !duration.isNegative() && !duration.isZero();
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
