// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.write;

import java.util.concurrent.locks.StampedLock;

/**
 * A gate that admits many batches at once, or one cut alone. Batches that passed before the cut are in the commit that it
 * freezes, later ones in the next. Threads inside wait only for leaf locks, so they hold the gate for microseconds. Not
 * reentrant.
 */
final class CommitGate {
    private final StampedLock lock = new StampedLock();

    /** @return the pass to give back to {@link #leave} */
    long enter() {
        return lock.readLock();
    }

    void leave(long pass) {
        lock.unlockRead(pass);
    }

    /** @return the pass to give back to {@link #open} */
    long shut() {
        return lock.writeLock();
    }

    void open(long pass) {
        lock.unlockWrite(pass);
    }
}
