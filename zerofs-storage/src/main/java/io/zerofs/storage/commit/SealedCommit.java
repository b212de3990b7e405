// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A commit as it goes to the store.
 *
 * @param frames where its frames stand
 * @param bytes the object, in pieces; not to be changed, so that a retry sends the same
 */
public record SealedCommit(CommitId id, FrameTable frames, List<ByteBuffer> bytes) {
    /** Bytes of the object. */
    public long objectLength() {
        return frames.header().objectLength();
    }

    /** The stored bytes of a page, as a ranged get would give them. */
    public ByteBuffer storedPage(int slot, int page) {
        Frame frame = frames.frame(slot);
        long offset = frame.pageOffset(page);
        for (ByteBuffer piece : bytes) {
            if (offset < piece.remaining()) {
                return piece.slice(piece.position() + (int) offset, frame.pageStoredLength(page));
            }
            offset -= piece.remaining();
        }
        throw new IllegalStateException("the frame is not in the object");
    }
}
