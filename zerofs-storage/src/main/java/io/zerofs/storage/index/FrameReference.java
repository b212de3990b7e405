// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

/**
 * A chunk entry's reference to one frame.
 *
 * @param seq the commit that holds the frame
 * @param slot its place in that commit
 * @param full whether it is the whole chunk rather than a delta on the frames before it
 * @param blocks one bit for each 4 KiB block that a delta touches, the lowest for the first; all ones for a full frame
 */
public record FrameReference(long seq, int slot, boolean full, long blocks) {
    public static final long ALL_BLOCKS = -1L;
    public static final int DELTA_BLOCK_BYTES = 4096;

    public static FrameReference full(long seq, int slot) {
        return new FrameReference(seq, slot, true, ALL_BLOCKS);
    }

    public static FrameReference delta(long seq, int slot, long blocks) {
        return new FrameReference(seq, slot, false, blocks);
    }
}
