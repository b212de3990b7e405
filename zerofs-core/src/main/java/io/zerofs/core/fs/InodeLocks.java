// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.runtime.Machine;
import java.util.Arrays;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;

/**
 * Read-write locks on inodes, striped: inodes whose numbers agree in the low bits share one. Not reentrant.
 *
 * <p>Lock order: the rename lock, then inode locks in ascending order of their stripes, then the attribute mutex of one
 * inode, then the volume's locks. An operation takes all its inode locks at once. No thread waits for the store while
 * it holds any of these locks.
 *
 * <p>Data operations share an inode's lock and change its record under the attribute mutex. A thread that holds the
 * lock exclusively does not need the mutex.
 */
final class InodeLocks {
    private static final int STRIPES = 1024;

    private final ReadWriteLock[] stripes = new ReadWriteLock[STRIPES];
    private final Lock[] mutexes = new Lock[STRIPES];

    InodeLocks() {
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = Machine.current().newReadWriteLock();
            mutexes[i] = Machine.current().newLock();
        }
    }

    /** Locks of one operation. The thread that took them closes them once. */
    @FunctionalInterface
    interface Held extends AutoCloseable {
        @Override
        void close();
    }

    Held shared(long inode) {
        return held(stripes[stripe(inode)].readLock());
    }

    Held exclusive(long inode) {
        return held(stripes[stripe(inode)].writeLock());
    }

    /** Locks several inodes at once; the array may contain an inode twice. */
    Held exclusive(long... inodes) {
        int[] order = new int[inodes.length];
        for (int i = 0; i < order.length; i++) {
            order[i] = stripe(inodes[i]);
        }
        Arrays.sort(order);
        for (int i = 0; i < order.length; i++) {
            if (i == 0 || order[i] != order[i - 1]) {
                stripes[order[i]].writeLock().lock();
            }
        }
        return () -> {
            for (int i = order.length - 1; i >= 0; i--) {
                if (i == 0 || order[i] != order[i - 1]) {
                    stripes[order[i]].writeLock().unlock();
                }
            }
        };
    }

    /** Returns the mutex under which threads that share the lock of an inode read and put its record. */
    Lock attributesOf(long inode) {
        return mutexes[stripe(inode)];
    }

    private static Held held(Lock lock) {
        Held held = lock::unlock;
        // Nothing may fail after this line, because then no thread would release the lock.
        lock.lock();
        return held;
    }

    private static int stripe(long inode) {
        return (int) inode & (STRIPES - 1);
    }
}
