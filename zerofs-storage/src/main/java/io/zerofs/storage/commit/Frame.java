// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.storage.seal.ObjectHeader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * One frame and its place in the object: enough to request one page from the store. Immutable.
 *
 * <p>The plain bytes of a full frame are the chunk without its trailing zeros. The plain bytes of a delta are its
 * {@link DeltaMap} and then the data of its ranges, in order.
 */
public final class Frame {
    private final int slot;
    private final FrameShape shape;
    private final long offset;

    private Frame(int slot, FrameShape shape, long offset) {
        this.slot = slot;
        this.shape = shape;
        this.offset = offset;
    }

    static List<Frame> place(ObjectHeader header, int firstSlot, List<FrameShape> shapes, long from) {
        List<Frame> frames = new ArrayList<>(shapes.size());
        long offset = from;
        for (FrameShape shape : shapes) {
            frames.add(new Frame(firstSlot + frames.size(), shape, offset));
            offset += shape.storedLength();
        }
        return Collections.unmodifiableList(frames);
    }

    public int slot() {
        return slot;
    }

    public FrameKind kind() {
        return shape.kind();
    }

    /** Returns the plain bytes, with the map of a delta; 0 if closed. */
    public int length() {
        return shape.length();
    }

    /** Returns the plain bytes of a delta's map, which comes first; else 0. */
    public int mapLength() {
        return shape.mapLength();
    }

    /** Returns the frame's offset in the object. */
    public long offset() {
        return offset;
    }

    /** Returns the bytes of the frame in the object. */
    public int storedLength() {
        return (int) shape.storedLength();
    }

    public int pageCount() {
        return shape.stored().length;
    }

    /** Returns the plain bytes of a page: 32 KiB, less for the last. */
    public int pageLength(int page) {
        return Math.min(CommitLimits.FRAME_PAGE_BYTES, length() - page * CommitLimits.FRAME_PAGE_BYTES);
    }

    /** Returns a page's offset in the object. */
    public long pageOffset(int page) {
        long at = offset;
        for (int i = 0; i < page; i++) {
            at += shape.stored()[i];
        }
        return at;
    }

    /** Returns the bytes of a page in the object; 0 for a page of zeros, which is not stored. */
    public int pageStoredLength(int page) {
        return shape.stored()[page];
    }

    FrameShape shape() {
        return shape;
    }
}
