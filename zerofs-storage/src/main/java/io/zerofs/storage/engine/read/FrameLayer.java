// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.read;

import io.zerofs.core.volume.Volume;
import io.zerofs.storage.commit.CommitLimits;
import io.zerofs.storage.commit.DeltaMap;
import io.zerofs.storage.engine.memtable.Extents;

/** The content of one frame, from memory or the store. Immutable. */
public sealed interface FrameLayer {
    /** Visits the frame's pieces in a range, in ascending order. */
    void visit(int from, int to, Extents.PieceVisitor visitor);

    /** A frame of a commit in memory. */
    record Memory(Extents extents, boolean full) implements FrameLayer {
        @Override
        public void visit(int from, int to, Extents.PieceVisitor visitor) {
            if (full && !extents.contains(from, to)) {
                visitor.piece(from, to - from, null, 0);
            }
            extents.visit(from, to, visitor);
        }
    }

    /**
     * A full frame.
     *
     * @param pages the pages that the range needs, by number; shorter than 32 KiB if zeros were trimmed
     */
    record StoredFull(byte[][] pages) implements FrameLayer {
        static final int PAGES = Volume.CHUNK_BYTES / CommitLimits.FRAME_PAGE_BYTES;

        @Override
        public void visit(int from, int to, Extents.PieceVisitor visitor) {
            int at = from;
            while (at < to) {
                int pageStart = at - at % CommitLimits.FRAME_PAGE_BYTES;
                int end = Math.min(to, pageStart + CommitLimits.FRAME_PAGE_BYTES);
                byte[] page = pages[at / CommitLimits.FRAME_PAGE_BYTES];
                int dataEnd = page == null ? at : Math.min(end, pageStart + page.length);
                if (dataEnd > at) {
                    visitor.piece(at, dataEnd - at, page, at - pageStart);
                }
                int zerosFrom = Math.max(at, dataEnd);
                if (end > zerosFrom) {
                    visitor.piece(zerosFrom, end - zerosFrom, null, 0);
                }
                at = end;
            }
        }
    }

    /** A delta: its map and the pages that the range needs, by number. */
    record StoredDelta(DeltaMap map, byte[][] pages) implements FrameLayer {
        @Override
        public void visit(int from, int to, Extents.PieceVisitor visitor) {
            for (int i = map.firstBehind(from); i < map.count() && map.offset(i) < to; i++) {
                int start = Math.max(from, map.offset(i));
                int end = Math.min(to, map.offset(i) + map.length(i));
                if (map.isZeros(i)) {
                    visitor.piece(start, end - start, null, 0);
                } else {
                    visitPages(map.source(i) + start - map.offset(i), start, end, visitor);
                }
            }
        }

        private void visitPages(int source, int start, int end, Extents.PieceVisitor visitor) {
            int at = start;
            while (at < end) {
                int inFrame = source + at - start;
                int inPage = inFrame % CommitLimits.FRAME_PAGE_BYTES;
                int length = Math.min(end - at, CommitLimits.FRAME_PAGE_BYTES - inPage);
                visitor.piece(at, length, pages[inFrame / CommitLimits.FRAME_PAGE_BYTES], inPage);
                at += length;
            }
        }
    }
}
