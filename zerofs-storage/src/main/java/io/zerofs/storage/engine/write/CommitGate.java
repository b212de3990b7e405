// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.write;

import java.util.concurrent.locks.StampedLock;

/**
 * Lets batches pass side by side and a cut stand alone: what passed before the cut is in the commit that it freezes, the
 * rest in the next one. Whoever is inside waits for leaf locks only, so the gate is held for microseconds. Not
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
