// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

import io.zerofs.core.vfs.InodeId;
import java.util.concurrent.CompletableFuture;

/**
 * A request for a lock that conflicts with a lock of another holder.
 *
 * @param outcome completes with GRANTED when the lock was taken, with BLOCKED when the wait ended without it
 */
public record LockWaiter(InodeId inode, HeldLock wanted, CompletableFuture<LockOutcome> outcome) {
    // Compared by identity: two requests of one holder for one range are two waiters. Each has an outcome of its own.
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return outcome.hashCode();
    }
}
