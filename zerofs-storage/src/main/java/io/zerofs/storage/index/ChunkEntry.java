// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import io.zerofs.core.volume.VolumeException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The frames of a chunk: a full frame, then deltas, oldest first. Empty for a hole, which has no record.
 *
 * <pre>
 * for each frame:
 *   varint slot * 2 + (1 if full)
 *   varint seq
 *   u64 blocks                 only of a delta
 * </pre>
 *
 * @param frames unmodifiable; only the first may be full
 */
public record ChunkEntry(List<FrameReference> frames) {
    public static final ChunkEntry HOLE = new ChunkEntry(List.of());

    /** Maximum number of frames. We never write more, because writers wait for compaction long before. */
    public static final int FRAMES_MAX = 4096;

    private static final int FRAME_BYTES_MAX = 2 * Varints.BYTES_MAX + Long.BYTES;
    private static final String WHAT = "a chunk entry";

    public ChunkEntry {
        frames = List.copyOf(frames);
    }

    public boolean isHole() {
        return frames.isEmpty();
    }

    /** Returns the number of deltas: all frames after the first. */
    public int deltas() {
        return Math.max(0, frames.size() - 1);
    }

    /** Returns the blocks of all deltas together; a block counts once for each. */
    public int deltaBlocks() {
        int blocks = 0;
        for (int i = 1; i < frames.size(); i++) {
            blocks += Long.bitCount(frames.get(i).blocks());
        }
        return blocks;
    }

    public FrameReference last() {
        return frames.get(frames.size() - 1);
    }

    public byte[] encode() {
        ByteBuffer out = ByteBuffer.allocate(frames.size() * FRAME_BYTES_MAX);
        for (FrameReference frame : frames) {
            Varints.put(out, ((long) frame.slot() << 1) | (frame.full() ? 1 : 0));
            Varints.put(out, frame.seq());
            if (!frame.full()) {
                out.putLong(frame.blocks());
            }
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    /** @param encoded the record's value, or null for a hole */
    public static ChunkEntry decode(byte[] encoded) throws VolumeException {
        if (encoded == null) {
            return HOLE;
        }
        ByteBuffer in = ByteBuffer.wrap(encoded);
        List<FrameReference> frames = new ArrayList<>();
        while (in.hasRemaining()) {
            long slotAndRole = Varints.get(in, WHAT);
            long seq = Varints.get(in, WHAT);
            boolean full = (slotAndRole & 1) != 0;
            if (slotAndRole >>> 1 > Integer.MAX_VALUE
                    || slotAndRole < 0
                    || seq < 1
                    || full != frames.isEmpty()
                    || frames.size() == FRAMES_MAX
                    || (!full && in.remaining() < Long.BYTES)) {
                throw Varints.malformed(WHAT);
            }
            int slot = (int) (slotAndRole >>> 1);
            frames.add(full ? FrameReference.full(seq, slot) : FrameReference.delta(seq, slot, in.getLong()));
        }
        return new ChunkEntry(frames);
    }
}
