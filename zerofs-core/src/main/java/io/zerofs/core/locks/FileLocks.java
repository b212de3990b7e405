// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
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
    private final LockQueue waiters = new LockQueue();

    private final ObjIntConsumer<HeldLock> counter;
    private int heldCount;
    private long waitersChecked;

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

    /** Returns the number of searches of {@link #grant} for the lock in a waiter's way. Every client waits for them. */
    long waitersChecked() {
        return waitersChecked;
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

    /** Takes a lock that conflicts with no other. It replaces the locks of its holder in the range. */
    void put(HeldLock lock) {
        release(lock);
        HeldLock merged = lock;
        TreeMap<Long, LockTree.Node> own = byHolder.get(lock.holder());
        if (own != null) {
            merged = merge(own.lowerEntry(lock.range().first()), merged);
            merged = merge(own.higherEntry(lock.range().first()), merged);
        }
        add(merged);
    }

    private HeldLock merge(Map.Entry<Long, LockTree.Node> neighbour, HeldLock lock) {
        if (neighbour == null || !neighbour.getValue().lock().merges(lock)) {
            return lock;
        }
        remove(neighbour.getValue());
        return lock.withRange(lock.range().union(neighbour.getValue().lock().range()));
    }

    /** Removes a range from all locks of a holder; splits a lock around it. */
    void release(HeldLock hole) {
        TreeMap<Long, LockTree.Node> own = byHolder.get(hole.holder());
        if (own == null) {
            return;
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
        byHandle.computeIfAbsent(lock.handle(), unused -> new LinkedHashSet<>()).add(node);
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
        waiters.ended(node);
        heldCount--;
        counter.accept(lock, -1);
    }

    private LockTree treeOf(HeldLock lock) {
        return lock.exclusive() ? exclusive : shared;
    }

    /** Adds a waiter whose lock conflicts with another one. */
    void addWaiter(LockWaiter waiter) {
        waiters.block(waiter, findConflict(waiter.wanted()));
    }

    boolean removeWaiter(LockWaiter waiter) {
        return waiters.remove(waiter);
    }

    List<LockWaiter> removeWaiters(LockHandle handle) {
        return waiters.removeAll(handle);
    }

    /**
     * Takes the waiting locks that conflict with no other any more, first come, first served. A lock that replaces one
     * of its own holder, by a shared one for example, may let in further waiters. Returns the waiters.
     */
    List<LockWaiter> grant() {
        List<LockWaiter> granted = new ArrayList<>();
        for (LockWaiter first = waiters.firstReady(); first != null; first = waiters.firstReady()) {
            waitersChecked++;
            LockTree.Node other = findConflict(first.wanted());
            if (other != null) {
                waiters.block(first, other);
            } else {
                waiters.remove(first);
                put(first.wanted());
                granted.add(first);
            }
        }
        return granted;
    }
}
