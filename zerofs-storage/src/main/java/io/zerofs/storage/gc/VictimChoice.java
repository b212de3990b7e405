// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which commits are worth to be written again: those with most garbage for what has to be copied, until little enough is left.
 * An object counts as garbage by its mere existence too, so that many small ones become few.
 *
 * @param garbageShare part of the store that may stay garbage
 * @param gainMin bytes that a pass has to save, or nothing is done
 * @param movedBytesMax live bytes that a pass may copy
 * @param patient whether small commits wait until together they fill one: few of them become one that is small again, and is
 *     copied again with the next few
 */
record VictimChoice(double garbageShare, long gainMin, long movedBytesMax, boolean patient) {
    /** What an object costs beside its bytes: requests, an entry in memory, reads that go to it alone. */
    static final long OBJECT_COST = 256 << 10;

    /** Live bytes that commits made by repacking have, about. */
    static final long MOVED_PER_COMMIT = 4 << 20;

    /** Commits that do not wait for more, however little they hold. */
    static final int MANY = 1024;

    /**
     * @param commits with something alive
     * @return seqs; empty if all is well
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
