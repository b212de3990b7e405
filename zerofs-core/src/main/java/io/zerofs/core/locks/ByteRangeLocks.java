// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.vfs.InodeId;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Advisory byte-range locks on files, in memory, for all clients of a file system. A holder is a process of one client;
 * its locks end with the handle through which it took them. Thread-safe: one mutex guards all, and is never held while
 * a waiter learns of its lock.
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
     * @param waitersPerClientMax maximum number of waiting requests of one client
     * @param waitSecondsMax seconds after which a request stops waiting
     */
    public ByteRangeLocks(int waitersPerClientMax, int waitSecondsMax) {
        this.waitersPerClientMax = waitersPerClientMax;
        this.waitSecondsMax = waitSecondsMax;
    }

    /** Takes a lock if no other lock conflicts with it. */
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
            // Adding it counts it, because it may replace other locks.
            clientOf(wanted).countLocks(-1);
            locks = files.computeIfAbsent(inode, unused -> new FileLocks(this::count));
            locks.put(wanted);
            // A holder that turns its write lock into a read lock lets readers in.
            granted = grant(inode, locks);
        }
        tell(granted, LockOutcome.GRANTED);
        return LockOutcome.GRANTED;
    }

    /**
     * Begins to wait for a lock that another lock conflicts with.
     *
     * @return the waiter, or null if the request need not, or may not, wait; then {@link #tryLock} returns the outcome
     */
    public LockWaiter tryWait(InodeId inode, HeldLock wanted) {
        LockWaiter waiter = addWaiter(inode, wanted);
        if (waiter != null) {
            Runnable timer = Machine.current().after(TimeUnit.SECONDS.toNanos(waitSecondsMax), () -> cancel(waiter));
            waiter.outcome().thenRun(timer);
        }
        return waiter;
    }

    private synchronized LockWaiter addWaiter(InodeId inode, HeldLock wanted) {
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
        return waiter;
    }

    /** Ends a wait with BLOCKED. Returns false if the wait had ended before. */
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

    /** Ends the locks that the range's holder has in it. */
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

    /** Returns a lock that conflicts with this one, or null. */
    public synchronized HeldLock conflicting(InodeId inode, HeldLock wanted) {
        FileLocks locks = files.get(inode);
        return locks == null ? null : locks.conflicting(wanted);
    }

    /** Ends the locks and the waits of a handle that was closed. */
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

    /** Returns the number of held locks of all files. */
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
