// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.write;

import io.zerofs.core.runtime.Machine;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;

/**
 * A gate that admits many batches at once, or one cut alone. Batches that passed before the cut are in the commit that it
 * freezes, later ones in the next. Threads inside wait only for leaf locks, so they hold the gate for microseconds. Not
 * reentrant.
 */
final class CommitGate {
    private final Lock batches;
    private final Lock cut;

    CommitGate() {
        ReadWriteLock lock = Machine.current().newReadWriteLock();
        batches = lock.readLock();
        cut = lock.writeLock();
    }

    void enter() {
        batches.lock();
    }

    void leave() {
        batches.unlock();
    }

    void shut() {
        cut.lock();
    }

    void open() {
        cut.unlock();
    }
}
