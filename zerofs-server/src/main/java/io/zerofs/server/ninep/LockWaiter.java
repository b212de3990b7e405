// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.InodeId;
import io.zerofs.server.ninep.wire.LockStatus;
import java.util.concurrent.CompletableFuture;

/**
 * A request for a lock that another owner has.
 *
 * @param outcome completes with SUCCESS when the lock was taken, with BLOCKED when the wait was given up
 */
record LockWaiter(InodeId inode, HeldLock wanted, CompletableFuture<LockStatus> outcome) {
    // As an identity: two requests of one owner for one range are two.
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
