// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ObjIntConsumer;

/**
 * The byte-range locks of one file, with the rules of fcntl(2). No method takes time in proportion to the locks that it
 * leaves alone, because every client waits meanwhile. Guarded by {@link ByteRangeLocks}.
 */
final class FileLocks {
    private final LockTree exclusive = new LockTree();
    private final LockTree shared = new LockTree();
    /** Locks of each holder by their first byte, without overlaps. */
    private final Map<LockHolder, TreeMap<Long, LockTree.Node>> byHolder = new HashMap<>();

    private final Map<LockHandle, Set<LockTree.Node>> byHandle = new HashMap<>();
    /** Waiters in the order of their arrival, each with a conflicting lock. */
    private final Map<LockWaiter, LockTree.Node> waiters = new LinkedHashMap<>();

    private final ObjIntConsumer<HeldLock> counter;
    private int heldCount;

    /** @param counter receives each lock that is added (1) or removed (-1) */
    FileLocks(ObjIntConsumer<HeldLock> counter) {
        this.counter = counter;
    }

    boolean isEmpty() {
        return heldCount == 0 && waiters.isEmpty();
    }

    int heldCount() {
        return heldCount;
    }

    /** Returns a lock that conflicts with this one, or null. */
    HeldLock conflicting(HeldLock wanted) {
        LockTree.Node found = findConflict(wanted);
        return found == null ? null : found.lock();
    }

    private LockTree.Node findConflict(HeldLock wanted) {
        Object own = byHolder.get(wanted.holder());
        Object identity = own == null ? wanted : own;
        LockTree.Node found = exclusive.find(wanted.range(), identity);
        return found == null && wanted.exclusive() ? shared.find(wanted.range(), identity) : found;
    }

    /**
     * Takes a lock that conflicts with no other. It replaces the locks of its holder in the range.
     *
     * @return whether it replaced any
     */
    boolean put(HeldLock lock) {
        boolean replaces = release(lock);
        HeldLock merged = lock;
        TreeMap<Long, LockTree.Node> own = byHolder.get(lock.holder());
        if (own != null) {
            merged = merge(own.lowerEntry(lock.range().first()), merged);
            merged = merge(own.higherEntry(lock.range().first()), merged);
        }
        add(merged);
        return replaces;
    }

    private HeldLock merge(Map.Entry<Long, LockTree.Node> neighbour, HeldLock lock) {
        if (neighbour == null || !neighbour.getValue().lock().merges(lock)) {
            return lock;
        }
        remove(neighbour.getValue());
        return lock.withRange(lock.range().union(neighbour.getValue().lock().range()));
    }

    /**
     * Removes a range from all locks of a holder; splits a lock around it.
     *
     * @return whether the holder had any lock in the range
     */
    boolean release(HeldLock hole) {
        TreeMap<Long, LockTree.Node> own = byHolder.get(hole.holder());
        if (own == null) {
            return false;
        }
        Long first = own.floorKey(hole.range().first());
        List<LockTree.Node> overlapping =
                own
                        .subMap(
                                first == null ? hole.range().first() : first,
                                true,
                                hole.range().last(),
                                true)
                        .values()
                        .stream()
                        .filter(node -> node.lock().range().overlaps(hole.range()))
                        .toList();
        for (LockTree.Node node : overlapping) {
            HeldLock lock = node.lock();
            ByteRange range = lock.range();
            remove(node);
            if (range.first() < hole.range().first()) {
                add(lock.withRange(new ByteRange(range.first(), hole.range().first() - 1)));
            }
            if (range.last() > hole.range().last()) {
                add(lock.withRange(new ByteRange(hole.range().last() + 1, range.last())));
            }
        }
        return !overlapping.isEmpty();
    }

    void releaseAll(LockHandle handle) {
        Set<LockTree.Node> all = byHandle.get(handle);
        if (all != null) {
            List.copyOf(all).forEach(this::remove);
        }
    }

    private void add(HeldLock lock) {
        TreeMap<Long, LockTree.Node> own = byHolder.computeIfAbsent(lock.holder(), unused -> new TreeMap<>());
        LockTree.Node node = new LockTree.Node(lock, own);
        own.put(lock.range().first(), node);
        byHandle.computeIfAbsent(lock.handle(), unused -> new HashSet<>()).add(node);
        treeOf(lock).add(node);
        heldCount++;
        counter.accept(lock, 1);
    }

    private void remove(LockTree.Node node) {
        HeldLock lock = node.lock();
        treeOf(lock).remove(node);
        byHolder.computeIfPresent(lock.holder(), (unused, own) -> {
            own.remove(lock.range().first());
            return own.isEmpty() ? null : own;
        });
        byHandle.computeIfPresent(lock.handle(), (unused, nodes) -> {
            nodes.remove(node);
            return nodes.isEmpty() ? null : nodes;
        });
        heldCount--;
        counter.accept(lock, -1);
    }

    private LockTree treeOf(HeldLock lock) {
        return lock.exclusive() ? exclusive : shared;
    }

    /** Adds a waiter whose lock conflicts with another one. */
    void addWaiter(LockWaiter waiter) {
        waiters.put(waiter, findConflict(waiter.wanted()));
    }

    boolean removeWaiter(LockWaiter waiter) {
        return waiters.remove(waiter) != null;
    }

    List<LockWaiter> removeWaiters(LockHandle handle) {
        List<LockWaiter> removed = new ArrayList<>();
        waiters.keySet().removeIf(waiter -> waiter.wanted().handle() == handle && removed.add(waiter));
        return removed;
    }

    /**
     * Takes the waiting locks that conflict with no other any more, first come, first served. Returns their waiters.
     */
    List<LockWaiter> grant() {
        List<LockWaiter> granted = new ArrayList<>();
        boolean again = true;
        while (again) {
            again = false;
            for (Iterator<Map.Entry<LockWaiter, LockTree.Node>> each =
                            waiters.entrySet().iterator();
                    each.hasNext(); ) {
                Map.Entry<LockWaiter, LockTree.Node> waiter = each.next();
                if (isFree(waiter)) {
                    each.remove();
                    granted.add(waiter.getKey());
                    // A lock that replaces one of its own holder, by a shared one for example, may let in waiters
                    // passed over before.
                    again |= put(waiter.getKey().wanted());
                }
            }
        }
        return granted;
    }

    private boolean isFree(Map.Entry<LockWaiter, LockTree.Node> waiter) {
        if (waiter.getValue().isHeld()) {
            return false;
        }
        LockTree.Node other = findConflict(waiter.getKey().wanted());
        if (other != null) {
            waiter.setValue(other);
        }
        return other == null;
    }
}
