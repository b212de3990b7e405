// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

/** A client of the lock table, one connection for example. Its identity counts. Limits what it has in the table. */
public interface LockClient {
    /** Counts one lock or waiter more, or returns false because the client has its share. */
    boolean tryTakeLock();

    /** Counts locks and waiters, whatever the limits; negative if they ended. */
    void countLocks(int change);
}
