// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Consecutive bytes of an object in the parts in which they arrived. Most pages lie within one part, so joining the parts
 * would copy everything for a few pages. The bytes are shared and must not be changed.
 *
 * @param from offset in the object of the first byte of the first part
 */
record StoredRange(long from, List<ByteBuffer> parts) {
    /** Returns bytes of the range. Copies them only if they are in several parts. */
    ByteBuffer slice(long offset, int length) {
        long skip = offset - from;
        ByteBuffer all = null;
        for (ByteBuffer part : parts) {
            int take = (int) Math.min(part.remaining() - skip, all == null ? length : all.remaining());
            if (take > 0) {
                ByteBuffer piece = part.slice(part.position() + (int) skip, take);
                if (take == length) {
                    return piece;
                }
                all = all == null ? ByteBuffer.allocate(length) : all;
                if (!all.put(piece).hasRemaining()) {
                    return all.flip();
                }
            }
            skip = Math.max(0, skip - part.remaining());
        }
        throw new IllegalArgumentException("bytes " + offset + " to " + (offset + length) + " are not in the range");
    }
}
