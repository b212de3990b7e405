// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.engine;

/**
 * What an operator may set about the file system.
 *
 * @param quotaBytes most bytes that all files together may allocate; beyond it writers get NO_SPACE
 * @param backgroundBatchChunks most chunks that one step of background removal takes, 1 to 4096: it bounds how long
 *     operations on the same file wait
 */
public record FileSystemSettings(long quotaBytes, int backgroundBatchChunks) {
    /** No quota, steps of 256 chunks (64 MiB of file). */
    public static final FileSystemSettings DEFAULTS = new FileSystemSettings(Long.MAX_VALUE, 256);

    private static final int BATCH_CHUNKS_MAX = 4096;

    public FileSystemSettings {
        if (quotaBytes <= 0) {
            throw new IllegalArgumentException("quota must be positive: " + quotaBytes);
        }
        if (backgroundBatchChunks < 1 || backgroundBatchChunks > BATCH_CHUNKS_MAX) {
            throw new IllegalArgumentException("background batch out of range: " + backgroundBatchChunks);
        }
    }

    public FileSystemSettings withQuotaBytes(long bytes) {
        return new FileSystemSettings(bytes, backgroundBatchChunks);
    }

    public FileSystemSettings withBackgroundBatchChunks(int chunks) {
        return new FileSystemSettings(quotaBytes, chunks);
    }
}
