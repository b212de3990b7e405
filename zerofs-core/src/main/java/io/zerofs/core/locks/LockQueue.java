// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The waiters for locks of one file, by the lock in their way. A waiter is looked at again only after that lock has
 * ended. Guarded by {@link ByteRangeLocks}.
 */
final class LockQueue {
    private final Map<LockWaiter, Place> places = new HashMap<>();
    private final Map<LockHandle, Set<LockWaiter>> byHandle = new HashMap<>();
    private final Map<LockTree.Node, Set<Place>> byObstacle = new HashMap<>();
    /** The waiters whose obstacle has ended, in the order of their arrival. */
    private final TreeSet<Place> ready = new TreeSet<>();

    private long arrivals;

    /** The place of a waiter in the order of arrival, with the lock in its way. */
    private static final class Place implements Comparable<Place> {
        final LockWaiter waiter;
        final long arrival;
        LockTree.Node obstacle;

        Place(LockWaiter waiter, long arrival) {
            this.waiter = waiter;
            this.arrival = arrival;
        }

        @Override
        public int compareTo(Place other) {
            return Long.compare(arrival, other.arrival);
        }
    }

    boolean isEmpty() {
        return places.isEmpty();
    }

    /** Adds a waiter, or keeps it in its place, until this lock has ended. */
    void block(LockWaiter waiter, LockTree.Node obstacle) {
        Place place = places.get(waiter);
        if (place == null) {
            place = new Place(waiter, arrivals++);
            places.put(waiter, place);
            byHandle.computeIfAbsent(waiter.wanted().handle(), unused -> new LinkedHashSet<>())
                    .add(waiter);
        }
        ready.remove(place);
        place.obstacle = obstacle;
        byObstacle.computeIfAbsent(obstacle, unused -> new HashSet<>()).add(place);
    }

    /** Makes the waiters for this lock ready. */
    void ended(LockTree.Node lock) {
        Set<Place> freed = byObstacle.remove(lock);
        if (freed != null) {
            freed.forEach(place -> place.obstacle = null);
            ready.addAll(freed);
        }
    }

    /** Returns the first ready waiter, or null. It stays ready until it is blocked or removed. */
    LockWaiter firstReady() {
        return ready.isEmpty() ? null : ready.first().waiter;
    }

    boolean remove(LockWaiter waiter) {
        Place place = places.remove(waiter);
        if (place == null) {
            return false;
        }
        removeFrom(byHandle, waiter.wanted().handle(), waiter);
        if (place.obstacle == null) {
            ready.remove(place);
        } else {
            removeFrom(byObstacle, place.obstacle, place);
        }
        return true;
    }

    /** Removes the waiters of a handle, and returns them in the order of their arrival. */
    List<LockWaiter> removeAll(LockHandle handle) {
        List<LockWaiter> removed = List.copyOf(byHandle.getOrDefault(handle, Set.of()));
        removed.forEach(this::remove);
        return removed;
    }

    private static <K, V> void removeFrom(Map<K, Set<V>> sets, K key, V member) {
        sets.computeIfPresent(key, (unused, set) -> {
            set.remove(member);
            return set.isEmpty() ? null : set;
        });
    }
}
