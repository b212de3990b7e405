// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

import io.zerofs.core.vfs.InodeId;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Advisory byte-range locks on files, in memory, for all clients of a file system. A holder is a process of one client;
 * its locks end with the handle through which they were taken. Thread-safe; one mutex guards all, and is never held
 * while a waiter learns of its lock.
 */
public final class ByteRangeLocks {
    private final int waitersPerClientMax;
    private final int waitSecondsMax;
    private final Map<InodeId, FileLocks> files = new HashMap<>();
    private final Map<LockClient, Integer> waiting = new IdentityHashMap<>();

    private int heldCount;

    /**
     * Makes a table without locks.
     *
     * @param waitersPerClientMax requests of one client that wait at once
     * @param waitSecondsMax after which a request waits no more
     */
    public ByteRangeLocks(int waitersPerClientMax, int waitSecondsMax) {
        this.waitersPerClientMax = waitersPerClientMax;
        this.waitSecondsMax = waitSecondsMax;
    }

    /** Takes a lock if nothing is in the way. */
    public LockOutcome tryLock(InodeId inode, HeldLock wanted) {
        List<LockWaiter> granted;
        synchronized (this) {
            FileLocks locks = files.get(inode);
            if (locks != null && locks.conflicting(wanted) != null) {
                return LockOutcome.BLOCKED;
            }
            if (wanted.handle().isClosed() || !clientOf(wanted).tryTakeLock()) {
                return LockOutcome.REFUSED;
            }
            // It is counted when it is held, for it may take the place of others.
            clientOf(wanted).countLocks(-1);
            locks = files.computeIfAbsent(inode, unused -> new FileLocks(this::count));
            locks.put(wanted);
            // Who turns its own write lock into a read lock lets readers in.
            granted = grant(inode, locks);
        }
        tell(granted, LockOutcome.GRANTED);
        return LockOutcome.GRANTED;
    }

    /**
     * Takes a lock, and waits for it if something is in the way.
     *
     * @return the waiter, or null if it need not, or may not, wait: then {@link #tryLock} tells
     */
    public synchronized LockWaiter tryWait(InodeId inode, HeldLock wanted) {
        FileLocks locks = files.get(inode);
        int others = waiting.getOrDefault(clientOf(wanted), 0);
        if (locks == null
                || locks.conflicting(wanted) == null
                || others >= waitersPerClientMax
                || wanted.handle().isClosed()
                || !clientOf(wanted).tryTakeLock()) {
            return null;
        }
        LockWaiter waiter = new LockWaiter(inode, wanted, new CompletableFuture<>());
        locks.addWaiter(waiter);
        waiting.put(clientOf(wanted), others + 1);
        CompletableFuture<Void> timer =
                new CompletableFuture<Void>().completeOnTimeout(null, waitSecondsMax, TimeUnit.SECONDS);
        timer.thenRun(() -> cancel(waiter));
        waiter.outcome().thenRun(() -> timer.cancel(false));
        return waiter;
    }

    /** Ends a wait with BLOCKED; false if the lock was taken before. */
    public boolean cancel(LockWaiter waiter) {
        synchronized (this) {
            FileLocks locks = files.get(waiter.inode());
            if (locks == null || !locks.removeWaiter(waiter)) {
                return false;
            }
            forget(waiter);
            dropIfEmpty(waiter.inode(), locks);
        }
        waiter.outcome().complete(LockOutcome.BLOCKED);
        return true;
    }

    /** Ends the locks that the holder of this one has in its range. */
    public void unlock(InodeId inode, HeldLock range) {
        List<LockWaiter> granted;
        synchronized (this) {
            FileLocks locks = files.get(inode);
            if (locks == null) {
                return;
            }
            locks.release(range);
            granted = grant(inode, locks);
        }
        tell(granted, LockOutcome.GRANTED);
    }

    /** Returns a lock in the way of this one, or null. */
    public synchronized HeldLock conflicting(InodeId inode, HeldLock wanted) {
        FileLocks locks = files.get(inode);
        return locks == null ? null : locks.conflicting(wanted);
    }

    /** Ends the locks that were taken, and the waits that were begun, through a handle that was closed. */
    public void release(InodeId inode, LockHandle handle) {
        List<LockWaiter> given;
        List<LockWaiter> granted;
        synchronized (this) {
            FileLocks locks = files.get(inode);
            if (locks == null) {
                return;
            }
            given = locks.removeWaiters(handle);
            given.forEach(this::forget);
            locks.releaseAll(handle);
            granted = grant(inode, locks);
        }
        tell(given, LockOutcome.BLOCKED);
        tell(granted, LockOutcome.GRANTED);
    }

    /** Locks held, over all files. */
    public synchronized int heldCount() {
        return heldCount;
    }

    public synchronized int waiterCount() {
        return waiting.values().stream().mapToInt(Integer::intValue).sum();
    }

    private static void tell(List<LockWaiter> waiters, LockOutcome outcome) {
        waiters.forEach(waiter -> waiter.outcome().complete(outcome));
    }

    private void count(HeldLock lock, int change) {
        heldCount += change;
        clientOf(lock).countLocks(change);
    }

    private static LockClient clientOf(HeldLock lock) {
        return lock.holder().client();
    }

    private List<LockWaiter> grant(InodeId inode, FileLocks locks) {
        List<LockWaiter> granted = locks.grant();
        granted.forEach(this::forget);
        dropIfEmpty(inode, locks);
        return granted;
    }

    private void forget(LockWaiter waiter) {
        clientOf(waiter.wanted()).countLocks(-1);
        waiting.computeIfPresent(clientOf(waiter.wanted()), (client, count) -> count == 1 ? null : count - 1);
    }

    private void dropIfEmpty(InodeId inode, FileLocks locks) {
        if (locks.isEmpty()) {
            files.remove(inode);
        }
    }
}
