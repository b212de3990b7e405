// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.storage.seal.ObjectHeader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * One frame and its place in the object: enough to ask the store for one page. Immutable.
 *
 * <p>The plain bytes of a full frame are the chunk without its trailing zeros. Those of a delta are its {@link DeltaMap}
 * and then the data of its ranges, in order.
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

    /** Plain bytes, of a delta with its map; 0 if closed. */
    public int length() {
        return shape.length();
    }

    /** Of a delta: plain bytes of its map, which come first; else 0. */
    public int mapLength() {
        return shape.mapLength();
    }

    /** Offset in the object. */
    public long offset() {
        return offset;
    }

    /** Bytes that the frame takes in the object. */
    public int storedLength() {
        return (int) shape.storedLength();
    }

    public int pageCount() {
        return shape.stored().length;
    }

    /** Plain bytes of a page: 32 KiB, less for the last. */
    public int pageLength(int page) {
        return Math.min(CommitLimits.PAGE_BYTES, length() - page * CommitLimits.PAGE_BYTES);
    }

    /** Offset in the object of a page. */
    public long pageOffset(int page) {
        long at = offset;
        for (int i = 0; i < page; i++) {
            at += shape.stored()[i];
        }
        return at;
    }

    /** Bytes that a page takes in the object; 0 if it is all zeros and therefore not stored. */
    public int pageStoredLength(int page) {
        return shape.stored()[page];
    }

    FrameShape shape() {
        return shape;
    }
}
