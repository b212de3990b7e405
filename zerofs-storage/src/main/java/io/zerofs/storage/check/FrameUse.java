// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.check;

import io.zerofs.core.sorting.SortedRows;
import io.zerofs.core.volume.Volume;
import io.zerofs.storage.commit.CommitLimits;
import io.zerofs.storage.commit.Frame;
import io.zerofs.storage.index.FrameReference;

/**
 * A chunk that names a frame.
 *
 * @param inode the file of the chunk
 * @param chunk its index in the file
 */
record FrameUse(FrameReference frame, long inode, long chunk) {
    static final int COLUMNS = 5;

    private static final int BLOCKS_PER_PAGE = CommitLimits.FRAME_PAGE_BYTES / FrameReference.DELTA_BLOCK_BYTES;
    private static final long PAGE_BLOCKS = (1L << BLOCKS_PER_PAGE) - 1;

    /** Returns the row of a use, whose order is that of the objects. */
    long[] row() {
        return new long[] {frame.seq(), (long) frame.slot() << 1 | (frame.full() ? 1 : 0), inode, chunk, frame.blocks()
        };
    }

    static FrameUse of(SortedRows.Scan row) {
        boolean full = (row.get(1) & 1) != 0;
        int slot = (int) (row.get(1) >>> 1);
        FrameReference frame = new FrameReference(row.get(0), slot, full, row.get(4));
        return new FrameUse(frame, row.get(2), row.get(3));
    }

    /** Reports that the whole frame is lost, of which not even the shape is known. */
    void loseAll(Findings findings, String why) {
        lose(frame.blocks(), findings, why);
    }

    /** Reports the lost pages of a frame. Each page of a delta may hold bytes of any block. */
    void lose(Frame stored, PageTest isLost, Findings findings, String why) {
        long blocks = 0;
        for (int page = 0; page < stored.pageCount(); page++) {
            if (stored.pageStoredLength(page) > 0 && isLost.test(page)) {
                blocks |= frame.full() ? PAGE_BLOCKS << page * BLOCKS_PER_PAGE : frame.blocks();
            }
        }
        lose(blocks, findings, why);
    }

    /** Decides about a page. */
    interface PageTest {
        boolean test(int page);
    }

    private void lose(long blocks, Findings findings, String why) {
        long start = chunk * Volume.CHUNK_BYTES;
        int first = 0;
        while (first < Long.SIZE) {
            if ((blocks >>> first & 1) == 0) {
                first++;
                continue;
            }
            int end = first;
            while (end < Long.SIZE && (blocks >>> end & 1) != 0) {
                end++;
            }
            findings.lost(
                    inode,
                    start + (long) first * FrameReference.DELTA_BLOCK_BYTES,
                    start + (long) end * FrameReference.DELTA_BLOCK_BYTES,
                    why);
            first = end;
        }
    }
}
