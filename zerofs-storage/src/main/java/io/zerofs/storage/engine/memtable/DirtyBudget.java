// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.OnBehalf;
import io.zerofs.storage.engine.runtime.StopSwitch;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/**
 * The budget of bytes that are not yet in the store, with room promised to writers. Waiting clients take turns, however many
 * requests each has. Within a client and among turns the order is the order of arrival, so that small requests do not
 * starve a large one. Thread-safe; a leaf lock.
 */
public final class DirtyBudget {
    private final long bytesMax;
    private final StopSwitch stop;
    private final Lock lock = Machine.current().newLock();
    /** Waiting requests by client, in the order of their turns. */
    private final Map<Object, Deque<Condition>> waiting = new LinkedHashMap<>();

    private long used;

    public DirtyBudget(long bytesMax, StopSwitch stop) {
        this.bytesMax = bytesMax;
        this.stop = stop;
        stop.onStop(why -> wakeAll());
    }

    /** Takes room without waiting. Returns false if there is none or other requests wait for it. */
    public boolean tryAcquire(long bytes) {
        lock.lock();
        try {
            return waiting.isEmpty() && take(bytes);
        } finally {
            lock.unlock();
        }
    }

    /** Waits for room. The caller holds no lock. */
    public void acquire(long bytes) throws VolumeException, InterruptedException {
        lock.lock();
        Object client = OnBehalf.current();
        Condition turn = lock.newCondition();
        waiting.computeIfAbsent(client, unused -> new ArrayDeque<>()).addLast(turn);
        try {
            while (first() != turn || !take(bytes)) {
                stop.check();
                turn.await();
            }
        } finally {
            leave(client, turn);
            signalFirst();
            lock.unlock();
        }
    }

    /** Takes used bytes even if there is no room, or returns them if negative. */
    public void charge(long bytes) {
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

    public long used() {
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

    /** Ends a wait; the other requests of the client wait for its next turn. */
    private void leave(Object client, Condition turn) {
        boolean hadTurn = first() == turn;
        Deque<Condition> own = waiting.get(client);
        own.remove(turn);
        if (hadTurn || own.isEmpty()) {
            waiting.remove(client);
        }
        if (hadTurn && !own.isEmpty()) {
            waiting.put(client, own);
        }
    }

    private Condition first() {
        return waiting.isEmpty() ? null : waiting.values().iterator().next().peekFirst();
    }

    private void signalFirst() {
        Condition first = first();
        if (first != null) {
            first.signal();
        }
    }

    private void wakeAll() {
        lock.lock();
        try {
            waiting.values().forEach(each -> each.forEach(Condition::signal));
        } finally {
            lock.unlock();
        }
    }
}
