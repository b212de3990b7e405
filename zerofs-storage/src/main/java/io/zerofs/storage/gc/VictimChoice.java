// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

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
 */
record VictimChoice(double garbageShare, long gainMin, long movedBytesMax, boolean patient) {
    /** Cost of an object besides its bytes: requests, an entry in memory, reads of its own. */
    static final long OBJECT_COST = 256 << 10;

    /** Approximate live bytes of a commit of moved frames. */
    static final long MOVED_PER_COMMIT = 4 << 20;

    /** Number of small commits that no longer wait. */
    static final int MANY = 1024;

    /**
     * @param commits commits with live frames
     * @return their seqs; empty if no move is worth it
     */
    Set<Long> of(List<CommitSpace> commits) {
        long garbage = commits.stream().mapToLong(VictimChoice::garbage).sum();
        long total =
                garbage + commits.stream().mapToLong(CommitSpace::liveBytes).sum();
        List<CommitSpace> worstFirst = new ArrayList<>(commits);
        worstFirst.sort(Comparator.comparingDouble(VictimChoice::liveShare).thenComparingLong(CommitSpace::seq));
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
        long cost = (moved + MOVED_PER_COMMIT - 1) / MOVED_PER_COMMIT * OBJECT_COST;
        return freed - cost >= gainMin ? victims : Set.of();
    }

    static long garbage(CommitSpace commit) {
        return commit.objectBytes() - commit.liveBytes() + OBJECT_COST;
    }

    private static double liveShare(CommitSpace commit) {
        return (double) commit.liveBytes() / (commit.objectBytes() + OBJECT_COST);
    }
}
