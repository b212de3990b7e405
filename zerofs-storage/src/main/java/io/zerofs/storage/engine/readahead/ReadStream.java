// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.readahead;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * One reader of a file: up to where it has read without a gap, and how far is fetched for it. Kernel clients send the
 * requests of one reader in parallel, so some overtake others: they are remembered until the gap before them closes, or
 * until it is clear that it will not. Guarded by its {@link ReadStreams}.
 */
final class ReadStream {
    /** How far a request may be from where the reader is, and still be its own. */
    static final long OVERTAKING_BYTES_MAX = 8 << 20;

    /** Bytes read in a row from which a reader is taken for a sequential one. */
    static final long PROOF_BYTES = 128 << 10;

    /** So much is read behind a gap before it is taken for one that stays. */
    private static final long GAP_PATIENCE_BYTES = OVERTAKING_BYTES_MAX / 2;

    private static final int OVERTAKERS_MAX = 16;

    /**
     * Somebody who leaves out much, or comes back here and there, is no sequential reader; whoever does little of it still
     * is. In a small file a random reader comes back most of the time, and what it reads closes every gap in the end.
     */
    private static final int PENALTY = 4;

    /** A wrong guess costs at most so much of what was rightly read. */
    private static final int WINDOW_PER_READ = 2;

    private static final long REQUEST_BYTES_MIN = 256 << 10;

    /** Half a window is fetched at a time up to here, a quarter beyond. */
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

    /** Distance of a request from here; negative if it belongs to somebody else. */
    long distance(long ofInode, long offset) {
        long distance = Math.abs(offset - frontier);
        return ofInode == inode && distance <= OVERTAKING_BYTES_MAX ? distance : -1;
    }

    /** Notes a request, a repeated one too. */
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

    /** Somebody who follows in sequence, with requests in parallel too, comes back to where the one before did. */
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

    /** How much the next step should fetch; 0 if enough is on its way. */
    long wanted(long windowMax) {
        if (!isSequential() || frontier < plansAgainAt) {
            return 0;
        }
        long window = Math.min(windowMax, WINDOW_PER_READ * inRow);
        long request = Math.max(REQUEST_BYTES_MIN, Math.max(window / 4, Math.min(HALF_WINDOW_MAX, window / 2)));
        return nextPlanned() + request <= frontier + window ? request : 0;
    }

    /** There was no room: the next attempt is for when some of what is held has been read. */
    void planLater() {
        plansAgainAt = frontier + REQUEST_BYTES_MIN;
    }

    /** Where the next step begins. */
    long nextPlanned() {
        return Math.max(planned, frontier);
    }

    /** Begins anew as a reader about whom nothing is known. */
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

    /** Whether somebody is at work on the next step. */
    boolean isPlanning() {
        return planning;
    }

    void planning(boolean now) {
        planning = now;
    }

    /** Whether another reader took its place. */
    boolean isEnded() {
        return ended;
    }

    void end() {
        ended = true;
    }
}
