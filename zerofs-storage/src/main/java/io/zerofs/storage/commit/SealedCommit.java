// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A commit in its stored form.
 *
 * @param frames the places of its frames
 * @param bytes the object in pieces; must not be changed, so that a retry sends the same bytes
 */
public record SealedCommit(CommitId id, FrameTable frames, List<ByteBuffer> bytes) {
    /** Returns the bytes of the object. */
    public long objectLength() {
        return frames.header().objectLength();
    }

    /** Returns the stored bytes of a page, as a ranged GET would return them. */
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
