// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.waiting.NonBlockingThread;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Makes finding the end of a file and writing there one step among 9P clients. The holder may wait for the store, so a
 * thread that must not wait does not wait for it.
 */
final class AppendLocks {
    private static final int STRIPES = 64;

    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];

    AppendLocks() {
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new ReentrantLock();
        }
    }

    /** The lock, held; unlocked by the caller. */
    ReentrantLock lock(InodeId inode) {
        ReentrantLock lock = stripes[(int) (inode.number() & STRIPES - 1)];
        if (!lock.tryLock()) {
            NonBlockingThread.check();
            lock.lock();
        }
        return lock;
    }
}
