// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.storage.bytes.ByteReader;
import io.zerofs.storage.bytes.ByteWriter;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKind;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The places of the frames of one commit, or of a range of its slots, in the object. It has the commit's header and so the
 * salt: bytes of another object with the same name fail. Immutable.
 *
 * <p>The engine keeps slices in RocksDB. The form of a slice is
 *
 * <pre>
 *   bytes[80] header   u32 firstSlot   u32 slots   u64 offset of the first stored byte   entry[slots]
 * </pre>
 */
public final class FrameTable {
    private static final String POSITION = "frame table";

    private final ObjectHeader header;
    private final int firstSlot;
    private final List<Frame> frames;
    private final long offset;

    FrameTable(ObjectHeader header, int firstSlot, List<FrameShape> shapes, long offset) {
        this(header, firstSlot, Frame.place(header, firstSlot, shapes, offset));
    }

    private FrameTable(ObjectHeader header, int firstSlot, List<Frame> frames) {
        this.header = header;
        this.firstSlot = firstSlot;
        this.frames = frames;
        this.offset = frames.isEmpty() ? header.dataOffset() : frames.get(0).offset();
    }

    /** Returns the commit that holds the frames. */
    public CommitId commit() {
        return new CommitId(header.epoch(), header.number());
    }

    public ObjectHeader header() {
        return header;
    }

    /** Returns the frames in slot order, closed slots included. */
    public List<Frame> frames() {
        return frames;
    }

    /** Returns the frame of a slot; null if this table does not cover it. */
    public Frame frame(int slot) {
        int index = slot - firstSlot;
        return index < 0 || index >= frames.size() ? null : frames.get(index);
    }

    /** Returns the part of the table with at most {@code count} slots from {@code fromSlot} on. */
    public FrameTable slice(int fromSlot, int count) {
        int from = fromSlot - firstSlot;
        int to = Math.min(frames.size(), from + count);
        return new FrameTable(header, fromSlot, frames.subList(from, to));
    }

    public byte[] encode() {
        ByteBuffer clear = ByteBuffer.allocate(ObjectHeader.BYTES);
        header.write(clear);
        ByteWriter writer = new ByteWriter(ObjectHeader.BYTES + 16 + 16 * frames.size());
        writer.bytes(clear.flip()).u32(firstSlot).u32(frames.size()).u64(offset);
        frames.forEach(frame -> frame.shape().write(writer));
        return writer.toArray();
    }

    /**
     * Reads the result of {@link #encode}.
     *
     * @param source the origin of the bytes, for messages
     */
    public static FrameTable decode(byte[] bytes, String source) throws CorruptObjectException {
        ByteBuffer from = ByteBuffer.wrap(bytes);
        ObjectHeader header = ObjectHeader.read(from, source);
        ByteReader reader = new ByteReader(from, source, POSITION);
        boolean isCommit = header.kind() == ObjectKind.COMMIT && header.epoch() >= 1 && header.number() >= 1;
        reader.require(isCommit, "its header is not that of a commit");
        long firstSlot = reader.u32();
        long count = reader.u32();
        long offset = reader.u63();
        reader.require(firstSlot + count <= CommitLimits.SLOTS_MAX, "impossible slots");
        reader.require(
                offset >= header.dataOffset() && offset <= header.objectLength(), "frames outside of the object");
        FrameTable table = new FrameTable(header, (int) firstSlot, readShapes(reader, (int) count), offset);
        reader.end();
        reader.require(table.end() <= header.objectLength(), "frames outside of the object");
        return table;
    }

    static List<FrameShape> readShapes(ByteReader reader, int count) throws CorruptObjectException {
        reader.require(count <= reader.remaining(), "impossible number of slots");
        FrameShape[] shapes = new FrameShape[count];
        for (int i = 0; i < count; i++) {
            shapes[i] = FrameShape.read(reader);
        }
        return List.of(shapes);
    }

    /** Returns the slot of the first frame. */
    public int firstSlot() {
        return firstSlot;
    }

    /** Returns the offset of the first stored byte. */
    public long offset() {
        return offset;
    }

    /** Returns the offset after the last stored byte of the last frame. */
    public long end() {
        if (frames.isEmpty()) {
            return offset;
        }
        Frame last = frames.get(frames.size() - 1);
        return last.offset() + last.storedLength();
    }
}
