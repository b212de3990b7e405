// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

/**
 * Names one chunk of one file.
 *
 * @param inode inode number
 * @param index byte offset in the file divided by {@link Volume#CHUNK_BYTES}
 */
public record ChunkId(long inode, long index) {}
