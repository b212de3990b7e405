// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import io.zerofs.storage.object.Traffic;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Chooses the commits whose live frames are moved: first the commits with the most garbage per byte to copy, until the rest
 * of the garbage is acceptable. Each object also counts as garbage because it exists, so that many small objects become few.
 *
 * @param garbageShare share of the store that may stay garbage
 * @param gainMin bytes that a pass must save; otherwise it does nothing
 * @param movedBytesMax live bytes that a pass may copy
 * @param patient whether small commits wait until they fill a commit together. A few of them would become another small
 *     commit, which the next pass would copy again
 * @param objectCost cost of an object besides its bytes, see {@link #objectCost(Traffic)}
 */
record VictimChoice(double garbageShare, long gainMin, long movedBytesMax, boolean patient, long objectCost) {
    private static final long OBJECT_COST_MAX = 256 << 10;

    /** A small part of the smallest full commit. With more, passes would rewrite full commits of a slow link again and again. */
    private static final long OBJECT_COST_MIN = 64 << 10;

    /** The cost is what the link carries in this part of a second. */
    private static final int OBJECT_COSTS_PER_SECOND = 20;

    /** Approximate live bytes of a commit of moved frames. */
    static final long MOVED_PER_COMMIT = 4 << 20;

    /** Number of small commits that no longer wait. */
    static final int MANY = 1024;

    /**
     * Cost of an object besides its bytes: requests, an entry in memory, reads of its own. On a slow link commits are smaller,
     * and a request costs less than moved bytes.
     */
    static long objectCost(Traffic traffic) {
        if (!traffic.isLink()) {
            return OBJECT_COST_MAX;
        }
        long carried = (long) (traffic.bytesPerSecond() / OBJECT_COSTS_PER_SECOND);
        return Math.max(OBJECT_COST_MIN, Math.min(OBJECT_COST_MAX, carried));
    }

    /**
     * @param commits commits with live frames
     * @return their seqs; empty if no move is worth it
     */
    Set<Long> of(List<CommitSpace> commits) {
        long garbage = commits.stream().mapToLong(this::garbage).sum();
        long total =
                garbage + commits.stream().mapToLong(CommitSpace::liveBytes).sum();
        List<CommitSpace> worstFirst = new ArrayList<>(commits);
        worstFirst.sort(Comparator.comparingDouble(this::liveShare).thenComparingLong(CommitSpace::seq));
        Set<Long> victims = new HashSet<>();
        long freed = 0;
        long dead = 0;
        long moved = 0;
        for (CommitSpace commit : worstFirst) {
            if (garbage - freed <= garbageShare * (total - freed) || moved >= movedBytesMax) {
                break;
            }
            victims.add(commit.seq());
            moved += commit.liveBytes();
            freed += garbage(commit);
            dead += commit.objectBytes() - commit.liveBytes();
        }
        if (patient && dead < gainMin && moved < MOVED_PER_COMMIT && victims.size() < MANY) {
            return Set.of();
        }
        long cost = (moved + MOVED_PER_COMMIT - 1) / MOVED_PER_COMMIT * objectCost;
        return freed - cost >= gainMin ? victims : Set.of();
    }

    private long garbage(CommitSpace commit) {
        return commit.objectBytes() - commit.liveBytes() + objectCost;
    }

    private double liveShare(CommitSpace commit) {
        return (double) commit.liveBytes() / (commit.objectBytes() + objectCost);
    }
}
