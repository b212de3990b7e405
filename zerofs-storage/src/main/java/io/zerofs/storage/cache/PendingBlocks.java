// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Consecutive blocks of an object that wait for the disk.
 *
 * @param pieces immutable bytes from the start of the first block on, in pieces of any lengths
 */
record PendingBlocks(Salt object, int firstBlock, List<ByteBuffer> pieces) {
    private static final int BLOCK_BYTES = DiskCache.CACHE_BLOCK_BYTES;

    /** No blocks. */
    static final PendingBlocks NONE = new PendingBlocks(Salt.NONE, 0, List.of());

    long bytes() {
        return pieces.stream().mapToLong(ByteBuffer::remaining).sum();
    }

    /** Returns one of these blocks, or null. Copies it only if it is in several pieces. */
    ByteBuffer block(Salt wanted, int block) {
        long begin = (long) (block - firstBlock) * BLOCK_BYTES;
        int length = (int) Math.min(BLOCK_BYTES, bytes() - begin);
        boolean isHere = block >= firstBlock && length > 0 && object.equals(wanted);
        return isHere ? new StoredRange(0, pieces).slice(begin, length) : null;
    }

    /** Returns the blocks one by one. Does not copy a block within one piece. */
    List<ByteBuffer> blocks() {
        List<ByteBuffer> blocks = new ArrayList<>();
        ByteBuffer partial = null;
        for (ByteBuffer each : pieces) {
            // Readers use the pieces at the same time.
            ByteBuffer piece = each.duplicate();
            while (piece.hasRemaining()) {
                int wanted = partial == null ? BLOCK_BYTES : partial.remaining();
                ByteBuffer part = piece.slice(piece.position(), Math.min(wanted, piece.remaining()));
                piece.position(piece.position() + part.remaining());
                if (partial == null && part.remaining() == BLOCK_BYTES) {
                    blocks.add(part);
                    continue;
                }
                partial = partial == null ? ByteBuffer.allocate(BLOCK_BYTES) : partial;
                partial.put(part);
                if (!partial.hasRemaining()) {
                    blocks.add(partial.flip());
                    partial = null;
                }
            }
        }
        if (partial != null) {
            blocks.add(partial.flip());
        }
        return blocks;
    }
}
