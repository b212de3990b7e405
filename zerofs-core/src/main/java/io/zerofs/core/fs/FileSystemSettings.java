// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.vfs.InodeId;

/**
 * Settings of the file system.
 *
 * @param quotaBytes maximum bytes of all files and their metadata together; beyond it writers get NO_SPACE
 * @param inodesMax maximum number of inodes at one time
 * @param backgroundBatchChunks maximum number of chunks in one step of background removal, 1 to 4096. It bounds the
 *     wait of operations on the same file, and on files that share a lock with one of the chunks.
 * @param cachedRecords maximum number of inodes, and of directory entries, that are kept decoded in memory, 8 to 2^24.
 *     Each takes about 400 bytes.
 * @param queuedRemovalsMax maximum number of inodes with remains that are known in memory, 4 or more; the volume has the others
 * @param root for an empty volume; an existing volume has its own
 */
public record FileSystemSettings(
        long quotaBytes,
        long inodesMax,
        int backgroundBatchChunks,
        int cachedRecords,
        int queuedRemovalsMax,
        Root root) {
    /** Owner and permissions of a new root directory. */
    public record Root(int uid, int gid, int mode) {}

    /** No quota, steps of 32 chunks (8 MiB of a file), 32,768 records of each kind (about 20 MB), and 50,000 removals. */
    public static final FileSystemSettings DEFAULTS =
            new FileSystemSettings(Long.MAX_VALUE, InodeId.NUMBER_MAX, 32, 32_768, 50_000, new Root(0, 0, 0755));

    private static final int BATCH_CHUNKS_MAX = 4096;
    private static final int CACHED_RECORDS_MIN = 8;
    private static final int CACHED_RECORDS_MAX = 1 << 24;
    private static final int QUEUED_REMOVALS_MIN = 4;

    public FileSystemSettings {
        if (quotaBytes <= 0) {
            throw new IllegalArgumentException("quota must be positive: " + quotaBytes);
        }
        if (inodesMax < 1 || inodesMax > InodeId.NUMBER_MAX) {
            throw new IllegalArgumentException("inodes out of range: " + inodesMax);
        }
        if (backgroundBatchChunks < 1 || backgroundBatchChunks > BATCH_CHUNKS_MAX) {
            throw new IllegalArgumentException("background batch out of range: " + backgroundBatchChunks);
        }
        if (cachedRecords < CACHED_RECORDS_MIN || cachedRecords > CACHED_RECORDS_MAX) {
            throw new IllegalArgumentException("cached records out of range: " + cachedRecords);
        }
        if (queuedRemovalsMax < QUEUED_REMOVALS_MIN) {
            throw new IllegalArgumentException("too few queued removals: " + queuedRemovalsMax);
        }
    }

    public FileSystemSettings withQuotaBytes(long bytes) {
        return new FileSystemSettings(bytes, inodesMax, backgroundBatchChunks, cachedRecords, queuedRemovalsMax, root);
    }

    public FileSystemSettings withInodesMax(long inodes) {
        return new FileSystemSettings(
                quotaBytes, inodes, backgroundBatchChunks, cachedRecords, queuedRemovalsMax, root);
    }

    public FileSystemSettings withBackgroundBatchChunks(int chunks) {
        return new FileSystemSettings(quotaBytes, inodesMax, chunks, cachedRecords, queuedRemovalsMax, root);
    }

    public FileSystemSettings withCachedRecords(int records) {
        return new FileSystemSettings(quotaBytes, inodesMax, backgroundBatchChunks, records, queuedRemovalsMax, root);
    }

    public FileSystemSettings withQueuedRemovalsMax(int inodes) {
        return new FileSystemSettings(quotaBytes, inodesMax, backgroundBatchChunks, cachedRecords, inodes, root);
    }

    public FileSystemSettings withRoot(Root other) {
        return new FileSystemSettings(
                quotaBytes, inodesMax, backgroundBatchChunks, cachedRecords, queuedRemovalsMax, other);
    }
}
