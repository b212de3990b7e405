// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

/** A client of the lock table, for example one connection. Compared by identity. Limits its locks and waiters. */
public interface LockClient {
    /** Counts one more lock or waiter, or returns false because the client has its share. */
    boolean tryTakeLock();

    /** Counts locks and waiters without checking limits; negative if they ended. */
    void countLocks(int change);
}
