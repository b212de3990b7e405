// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

import io.zerofs.core.vfs.InodeId;
import java.util.concurrent.CompletableFuture;

/**
 * A request for a lock that another holder has in its way.
 *
 * @param outcome completes with GRANTED when the lock was taken, with BLOCKED when the wait was given up
 */
public record LockWaiter(InodeId inode, HeldLock wanted, CompletableFuture<LockOutcome> outcome) {
    // As an identity: two requests of one holder for one range are two.
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
