// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import java.nio.ByteBuffer;

/**
 * Changes that become visible, and durable, together. Filled by one thread and applied once. Later calls win over
 * earlier ones on the same key or range.
 *
 * <p>Records are absolute: a batch says what a key or range is, never how it changes.
 */
public interface Batch {
    void put(byte[] key, byte[] value);

    void delete(byte[] key);

    /**
     * Overwrites part of one chunk, from the buffer's position to its limit. The chunk is present from then on until
     * it is deleted, even if all its bytes are zeros: the volume never changes by itself which chunks are present.
     *
     * @param offset within the chunk; offset + remaining must not exceed {@link Volume#CHUNK_BYTES}
     * @param bytes must not change before {@link Volume#apply} returns; position and limit are left alone
     */
    void writeChunk(ChunkId chunk, int offset, ByteBuffer bytes);

    /** Makes part of a chunk zeros, without a buffer of them. The chunk stays present, and absent if it was. */
    void zeroChunk(ChunkId chunk, int offset, int length);

    /** Makes a chunk a hole. */
    void deleteChunk(ChunkId chunk);

    /**
     * Runs with the batch, in the same commit: after the changes became visible, and before any cut that contains
     * them. Must be short, must not wait and must not throw. Counters are kept this way.
     */
    void onApply(Runnable action);
}
