// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.waiting.NonBlockingThread;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Locks that make an append one step among 9P clients: the search for the end of the file and the write there. The holder
 * may wait for the store, so a thread that must not wait does not wait for a lock.
 */
final class AppendLocks {
    private static final int STRIPES = 64;

    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];

    AppendLocks() {
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new ReentrantLock();
        }
    }

    /** Locks for appends to an inode, and returns the lock, which the caller unlocks. */
    ReentrantLock lock(InodeId inode) {
        ReentrantLock lock = stripes[(int) (inode.number() & STRIPES - 1)];
        if (!lock.tryLock()) {
            NonBlockingThread.check();
            lock.lock();
        }
        return lock;
    }
}
