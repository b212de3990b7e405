// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;

/** The byte-range locks of one file, with the rules of fcntl(2). Guarded by {@link ByteRangeLocks}. */
final class FileLocks {
    private final List<HeldLock> held = new ArrayList<>();
    private final Queue<LockWaiter> waiters = new ArrayDeque<>();

    boolean isEmpty() {
        return held.isEmpty() && waiters.isEmpty();
    }

    int heldCount() {
        return held.size();
    }

    /** A lock in the way of this one, or null. */
    HeldLock conflicting(HeldLock wanted) {
        for (HeldLock each : held) {
            if (each.conflicts(wanted)) {
                return each;
            }
        }
        return null;
    }

    /** Takes a lock that nothing is in the way of: it replaces what its owner had in the range. */
    void put(HeldLock lock) {
        release(lock);
        HeldLock merged = lock;
        for (Iterator<HeldLock> each = held.iterator(); each.hasNext(); ) {
            HeldLock neighbour = each.next();
            if (neighbour.merges(merged)) {
                merged = merged.withRange(merged.range().union(neighbour.range()));
                each.remove();
            }
        }
        held.add(merged);
    }

    /** Takes the range of this lock out of all that its owner has; splits a lock around it. */
    void release(HeldLock hole) {
        List<HeldLock> rests = new ArrayList<>();
        for (Iterator<HeldLock> each = held.iterator(); each.hasNext(); ) {
            HeldLock lock = each.next();
            if (!lock.sameOwner(hole) || !lock.range().overlaps(hole.range())) {
                continue;
            }
            each.remove();
            ByteRange range = lock.range();
            if (range.first() < hole.range().first()) {
                rests.add(
                        lock.withRange(new ByteRange(range.first(), hole.range().first() - 1)));
            }
            if (range.last() > hole.range().last()) {
                rests.add(lock.withRange(new ByteRange(hole.range().last() + 1, range.last())));
            }
        }
        held.addAll(rests);
    }

    void releaseAll(Fid fid) {
        held.removeIf(lock -> lock.fid() == fid);
    }

    void addWaiter(LockWaiter waiter) {
        waiters.add(waiter);
    }

    boolean removeWaiter(LockWaiter waiter) {
        return waiters.remove(waiter);
    }

    List<LockWaiter> removeWaiters(Fid fid) {
        List<LockWaiter> removed = new ArrayList<>();
        waiters.removeIf(waiter -> waiter.wanted().fid() == fid && removed.add(waiter));
        return removed;
    }

    /** Takes the locks that waited for what is now free, first come, first served; gives those who got theirs. */
    List<LockWaiter> grant() {
        List<LockWaiter> granted = List.of();
        for (Iterator<LockWaiter> each = waiters.iterator(); each.hasNext(); ) {
            LockWaiter waiter = each.next();
            if (conflicting(waiter.wanted()) == null) {
                each.remove();
                put(waiter.wanted());
                if (granted.isEmpty()) {
                    granted = new ArrayList<>();
                }
                granted.add(waiter);
            }
        }
        return granted;
    }
}
