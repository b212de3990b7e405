// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

/**
 * Chunks of one file.
 *
 * @param inode inode number
 * @param first index of the first chunk
 * @param end index after the last chunk
 */
public record ChunkRange(long inode, long first, long end) {}
