// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.InodeId;
import io.zerofs.server.net.Client;
import io.zerofs.server.net.ClientResource;
import io.zerofs.server.net.Shares;
import io.zerofs.server.ninep.wire.LockStatus;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Advisory byte-range locks of all 9P connections, in memory. An owner is a process of one connection; its locks end
 * with the fid through which they were taken, hence with the connection. Thread-safe; one mutex guards all, and is
 * never held while a waiter learns of its lock.
 */
final class ByteRangeLocks {
    private final NinePSettings settings;
    private final Map<InodeId, FileLocks> files = new HashMap<>();
    private final Map<NinePSession, Integer> waiting = new HashMap<>();
    /** Of locks, and of requests that wait for one. */
    private final Shares shares;

    private int heldCount;

    ByteRangeLocks(NinePSettings settings) {
        this.settings = settings;
        this.shares = new Shares(ClientResource.LOCKS, settings.locksMax(), settings.clientShare());
    }

    /** Takes a lock if nothing is in the way: SUCCESS, BLOCKED, or ERROR when the table is full. */
    LockStatus tryLock(InodeId inode, HeldLock wanted) {
        List<LockWaiter> granted;
        synchronized (this) {
            FileLocks locks = files.get(inode);
            if (locks != null && locks.conflicting(wanted) != null) {
                return LockStatus.BLOCKED;
            }
            if (wanted.fid().isClosed() || !shares.tryTake(clientOf(wanted), 1)) {
                return LockStatus.ERROR;
            }
            // It is counted when it is held, for it may take the place of others.
            shares.give(clientOf(wanted), 1);
            locks = files.computeIfAbsent(inode, unused -> new FileLocks(this::count));
            locks.put(wanted);
            // Who turns its own write lock into a read lock lets readers in.
            granted = grant(inode, locks);
        }
        tell(granted, LockStatus.SUCCESS);
        return LockStatus.SUCCESS;
    }

    /**
     * Takes a lock, and waits for it if something is in the way.
     *
     * @return the waiter, or null if it need not, or may not, wait: then {@link #tryLock} tells
     */
    synchronized LockWaiter tryWait(InodeId inode, HeldLock wanted) {
        FileLocks locks = files.get(inode);
        int others = waiting.getOrDefault(wanted.session(), 0);
        if (locks == null
                || locks.conflicting(wanted) == null
                || others >= settings.waitingLocksMax()
                || wanted.fid().isClosed()
                || !shares.tryTake(clientOf(wanted), 1)) {
            return null;
        }
        LockWaiter waiter = new LockWaiter(inode, wanted, new CompletableFuture<>());
        locks.addWaiter(waiter);
        waiting.put(wanted.session(), others + 1);
        CompletableFuture<Void> timer =
                new CompletableFuture<Void>().completeOnTimeout(null, settings.lockWaitSeconds(), TimeUnit.SECONDS);
        timer.thenRun(() -> cancel(waiter));
        waiter.outcome().thenRun(() -> timer.cancel(false));
        return waiter;
    }

    /** Ends a wait with BLOCKED; false if the lock was taken before. */
    boolean cancel(LockWaiter waiter) {
        synchronized (this) {
            FileLocks locks = files.get(waiter.inode());
            if (locks == null || !locks.removeWaiter(waiter)) {
                return false;
            }
            forget(waiter);
            dropIfEmpty(waiter.inode(), locks);
        }
        waiter.outcome().complete(LockStatus.BLOCKED);
        return true;
    }

    /** Gives up the range of this lock, whatever locks its owner has in it. */
    void unlock(InodeId inode, HeldLock range) {
        List<LockWaiter> granted;
        synchronized (this) {
            FileLocks locks = files.get(inode);
            if (locks == null) {
                return;
            }
            locks.release(range);
            granted = grant(inode, locks);
        }
        tell(granted, LockStatus.SUCCESS);
    }

    /** A lock in the way of this one, or null. */
    synchronized HeldLock conflicting(InodeId inode, HeldLock wanted) {
        FileLocks locks = files.get(inode);
        return locks == null ? null : locks.conflicting(wanted);
    }

    /** Ends what was taken, and gives up what is waited for, through a fid that was closed. */
    void release(InodeId inode, Fid fid) {
        List<LockWaiter> given;
        List<LockWaiter> granted;
        synchronized (this) {
            FileLocks locks = files.get(inode);
            if (locks == null) {
                return;
            }
            given = locks.removeWaiters(fid);
            given.forEach(this::forget);
            locks.releaseAll(fid);
            granted = grant(inode, locks);
        }
        tell(given, LockStatus.BLOCKED);
        tell(granted, LockStatus.SUCCESS);
    }

    /** Locks held, over all files. */
    synchronized int heldCount() {
        return heldCount;
    }

    synchronized int waiterCount() {
        return waiting.values().stream().mapToInt(Integer::intValue).sum();
    }

    private static void tell(List<LockWaiter> waiters, LockStatus outcome) {
        waiters.forEach(waiter -> waiter.outcome().complete(outcome));
    }

    private void count(HeldLock lock, int change) {
        heldCount += change;
        shares.charge(clientOf(lock), change);
    }

    private static Client clientOf(HeldLock lock) {
        return lock.session().client();
    }

    private List<LockWaiter> grant(InodeId inode, FileLocks locks) {
        List<LockWaiter> granted = locks.grant();
        granted.forEach(this::forget);
        dropIfEmpty(inode, locks);
        return granted;
    }

    private void forget(LockWaiter waiter) {
        shares.give(clientOf(waiter.wanted()), 1);
        waiting.computeIfPresent(waiter.wanted().session(), (session, count) -> count == 1 ? null : count - 1);
    }

    private void dropIfEmpty(InodeId inode, FileLocks locks) {
        if (locks.isEmpty()) {
            files.remove(inode);
        }
    }
}
