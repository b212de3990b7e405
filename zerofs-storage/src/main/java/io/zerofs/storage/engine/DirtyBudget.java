// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.core.volume.VolumeException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Bytes that are not yet durable, and room promised to writers. Those who wait are served in the order of their
 * arrival, so that a large request is not starved by small ones. Thread-safe; a leaf lock.
 */
final class DirtyBudget {
    private final long bytesMax;
    private final StopSwitch stop;
    private final ReentrantLock lock = new ReentrantLock();
    private final Deque<Condition> waiting = new ArrayDeque<>();
    private long used;

    DirtyBudget(long bytesMax, StopSwitch stop) {
        this.bytesMax = bytesMax;
        this.stop = stop;
        stop.onStop(why -> wakeAll());
    }

    /** Takes room without waiting; false if there is none or others wait for it. */
    boolean tryAcquire(long bytes) {
        lock.lock();
        try {
            return waiting.isEmpty() && take(bytes);
        } finally {
            lock.unlock();
        }
    }

    /** Waits for room. Holding no lock. */
    void acquire(long bytes) throws VolumeException, InterruptedException {
        lock.lock();
        Condition turn = lock.newCondition();
        waiting.addLast(turn);
        try {
            while (waiting.peekFirst() != turn || !take(bytes)) {
                stop.check();
                turn.await();
            }
        } finally {
            waiting.remove(turn);
            signalFirst();
            lock.unlock();
        }
    }

    /** Takes or, negative, gives back what was used whether there is room or not. */
    void charge(long bytes) {
        if (bytes == 0) {
            return;
        }
        lock.lock();
        try {
            used += bytes;
            if (bytes < 0) {
                signalFirst();
            }
        } finally {
            lock.unlock();
        }
    }

    long used() {
        lock.lock();
        try {
            return used;
        } finally {
            lock.unlock();
        }
    }

    private boolean take(long bytes) {
        if (used + bytes > bytesMax && used > 0) {
            return false;
        }
        used += bytes;
        return true;
    }

    private void signalFirst() {
        Condition first = waiting.peekFirst();
        if (first != null) {
            first.signal();
        }
    }

    private void wakeAll() {
        lock.lock();
        try {
            waiting.forEach(Condition::signal);
        } finally {
            lock.unlock();
        }
    }
}
