// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import java.nio.ByteBuffer;

/**
 * Changes that become visible, and durable, together. One thread fills a batch and applies it once. Later calls win
 * over earlier ones on the same key or range.
 *
 * <p>Records are absolute: a batch has the new value of a key or range, never a difference.
 */
public interface Batch {
    void put(byte[] key, byte[] value);

    void delete(byte[] key);

    /**
     * Overwrites part of one chunk, from the buffer's position to its limit. The chunk is present from then on until it
     * is deleted, even if all its bytes are zeros: the volume never changes the presence of chunks by itself.
     *
     * @param offset within the chunk; offset + remaining must not exceed {@link Volume#CHUNK_BYTES}
     * @param bytes must not change before {@link Volume#apply} returns; position and limit stay as they are
     */
    void writeChunk(ChunkId chunk, int offset, ByteBuffer bytes);

    /** Makes part of a chunk zeros, without a buffer of them. A present chunk stays present, an absent one absent. */
    void zeroChunk(ChunkId chunk, int offset, int length);

    /** Makes a chunk a hole. */
    void deleteChunk(ChunkId chunk);

    /**
     * Runs an action with the batch, in the same commit: after the changes are visible, and before any cut that
     * contains them. The action must be short, and must neither wait nor throw. The space account counts this way.
     */
    void onApply(Runnable action);
}
