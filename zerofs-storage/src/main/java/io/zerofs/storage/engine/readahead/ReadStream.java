// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.readahead;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * One reader of a file: the end of its reads without a gap, and the end of its fetched pages. Kernel clients send the
 * requests of one reader in parallel, so some overtake others. The stream remembers these until the gap before them closes,
 * or until it counts as skipped. Guarded by its {@link ReadStreams}.
 */
final class ReadStream {
    /** Maximum distance of a request from the reader's position at which it still belongs to the reader. */
    static final long OVERTAKING_BYTES_MAX = 8 << 20;

    /** Bytes read in a row after which a reader counts as sequential. */
    static final long PROOF_BYTES = 128 << 10;

    /** Bytes read past a gap after which the gap counts as skipped. */
    private static final long GAP_PATIENCE_BYTES = OVERTAKING_BYTES_MAX / 2;

    private static final int OVERTAKERS_MAX = 16;

    /**
     * Factor by which skipped and repeated bytes count against a reader. A reader that skips or repeats much is not
     * sequential. In a small file a random reader repeats most of the time, and its reads close every gap in the end.
     */
    private static final int PENALTY = 4;

    /** Window per byte read in a row. A wrong guess costs at most this many bytes for each byte rightly read. */
    private static final int WINDOW_PER_READ = 2;

    private static final long REQUEST_BYTES_MIN = 256 << 10;

    /** Maximum bytes of a request of half a window. Beyond, a request is a quarter of the window. */
    private static final long HALF_WINDOW_MAX = 6 << 20;

    private final long inode;
    private final boolean fromStart;
    private final long[] begins = new long[OVERTAKERS_MAX];
    private final long[] ends = new long[OVERTAKERS_MAX];
    private final Deque<PrefetchRegion> regions = new ArrayDeque<>();
    private int overtakers;
    private long frontier;
    private long cameBackTo;
    private long inRow;
    private int advances;
    private long planned;
    private long plansAgainAt;
    private long usedNanos;
    private boolean planning;
    private boolean ended;

    ReadStream(long inode, long offset) {
        this.inode = inode;
        this.fromStart = offset == 0;
        this.frontier = offset;
        this.cameBackTo = offset;
    }

    /** Returns the distance of a request from the reader; negative if it belongs to another reader. */
    long distance(long ofInode, long offset) {
        long distance = Math.abs(offset - frontier);
        return ofInode == inode && distance <= OVERTAKING_BYTES_MAX ? distance : -1;
    }

    /** Notes a request, also a repeated one. */
    void read(long from, long to, long nowNanos) {
        usedNanos = nowNanos;
        if (to <= frontier) {
            comeBack(from, to);
        } else if (from <= frontier) {
            advance(to);
        } else if (isKnown(from, to)) {
            return;
        } else {
            begins[overtakers] = from;
            ends[overtakers++] = to;
            if (overtakers == OVERTAKERS_MAX || overtakenBytes() > GAP_PATIENCE_BYTES) {
                leaveOut(begins[first()]);
            }
        }
        closeGaps();
    }

    private void leaveOut(long to) {
        countAgainst(to - frontier);
        frontier = to;
    }

    /** Notes a request before the reader's position. A second sequential reader comes back to the place where the first did. */
    private void comeBack(long from, long to) {
        if (Math.abs(from - cameBackTo) > OVERTAKERS_MAX * (to - from)) {
            countAgainst(to - from);
        }
        cameBackTo = to;
    }

    private void countAgainst(long bytes) {
        inRow -= Math.min(inRow, PENALTY * bytes);
        advances = inRow == 0 ? 0 : advances;
    }

    private long overtakenBytes() {
        long bytes = 0;
        for (int i = 0; i < overtakers; i++) {
            bytes += ends[i] - begins[i];
        }
        return bytes;
    }

    private boolean isKnown(long from, long to) {
        for (int i = 0; i < overtakers; i++) {
            if (begins[i] <= from && to <= ends[i]) {
                return true;
            }
        }
        return false;
    }

    private void advance(long to) {
        if (to > frontier) {
            inRow += to - frontier;
            frontier = to;
            advances++;
        }
    }

    private void closeGaps() {
        while (overtakers > 0) {
            int first = first();
            if (begins[first] > frontier) {
                return;
            }
            advance(ends[first]);
            overtakers--;
            begins[first] = begins[overtakers];
            ends[first] = ends[overtakers];
        }
    }

    private int first() {
        int first = 0;
        for (int i = 1; i < overtakers; i++) {
            first = begins[i] < begins[first] ? i : first;
        }
        return first;
    }

    boolean isSequential() {
        return inRow >= PROOF_BYTES && (fromStart || advances > 1);
    }

    /** Returns the bytes that the next step should fetch; 0 if enough are in flight. */
    long wanted(long windowMax) {
        if (!isSequential() || frontier < plansAgainAt) {
            return 0;
        }
        long window = Math.min(windowMax, WINDOW_PER_READ * inRow);
        long request = Math.max(REQUEST_BYTES_MIN, Math.max(window / 4, Math.min(HALF_WINDOW_MAX, window / 2)));
        return nextPlanned() + request <= frontier + window ? request : 0;
    }

    /** Delays the next attempt after a lack of room until some held pages have been read. */
    void planLater() {
        plansAgainAt = frontier + REQUEST_BYTES_MIN;
    }

    /** Returns the offset where the next step begins. */
    long nextPlanned() {
        return Math.max(planned, frontier);
    }

    /** Resets the stream to a new reader without history. */
    void distrust() {
        inRow = 0;
        advances = 0;
    }

    long inode() {
        return inode;
    }

    long frontier() {
        return frontier;
    }

    long restedNanos(long nowNanos) {
        return nowNanos - usedNanos;
    }

    void planned(long end) {
        planned = end;
    }

    Deque<PrefetchRegion> regions() {
        return regions;
    }

    /** Returns whether a task is planning the next step. */
    boolean isPlanning() {
        return planning;
    }

    void planning(boolean now) {
        planning = now;
    }

    /** Returns whether another reader has its place now. */
    boolean isEnded() {
        return ended;
    }

    void end() {
        ended = true;
    }
}
