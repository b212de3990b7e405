// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** The bytes of one chunk, immutable: blocks that are shared between versions; a null block reads as zeros. */
final class MemoryChunk {
    private static final int BLOCK_BYTES = 4096;
    private static final int BLOCKS = Volume.CHUNK_BYTES / BLOCK_BYTES;
    private static final byte[] ZEROS = new byte[BLOCK_BYTES];

    static final MemoryChunk EMPTY = new MemoryChunk(new byte[BLOCKS][]);

    private final byte[][] blocks;

    private MemoryChunk(byte[][] blocks) {
        this.blocks = blocks;
    }

    /** This chunk with the source's bytes, or with zeros if it is null, from {@code offset} on. */
    MemoryChunk overwritten(int offset, int length, ByteBuffer source) {
        byte[][] result = blocks.clone();
        int done = 0;
        while (done < length) {
            int index = (offset + done) / BLOCK_BYTES;
            int inBlock = (offset + done) % BLOCK_BYTES;
            int count = Math.min(BLOCK_BYTES - inBlock, length - done);
            byte[] old = result[index];
            if (source != null) {
                byte[] block = old == null ? new byte[BLOCK_BYTES] : old.clone();
                source.get(source.position() + done, block, inBlock, count);
                result[index] = block;
            } else if (old != null) {
                byte[] block = old.clone();
                Arrays.fill(block, inBlock, inBlock + count, (byte) 0);
                result[index] = count == BLOCK_BYTES ? null : block;
            }
            done += count;
        }
        return new MemoryChunk(result);
    }

    void copyTo(ByteBuffer destination, int offset, int length) {
        int done = 0;
        while (done < length) {
            int inBlock = (offset + done) % BLOCK_BYTES;
            int count = Math.min(BLOCK_BYTES - inBlock, length - done);
            byte[] block = blocks[(offset + done) / BLOCK_BYTES];
            if (block == null) {
                destination.put(ZEROS, 0, count);
            } else {
                destination.put(block, inBlock, count);
            }
            done += count;
        }
    }
}
