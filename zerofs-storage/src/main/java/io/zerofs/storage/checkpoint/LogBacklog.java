// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.checkpoint;

import io.zerofs.core.runtime.Machine;
import io.zerofs.storage.seal.ObjectHeader;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/** The commits that no published checkpoint covers, which a new machine would replay. Thread-safe. */
final class LogBacklog {
    private record Entry(long seq, long bytes) {}

    private final CheckpointSettings settings;
    private final Lock lock = Machine.current().newLock();
    private final Condition roomMade = lock.newCondition();
    private final Deque<Entry> entries = new ArrayDeque<>();
    private long bytes;
    private volatile boolean full;

    LogBacklog(CheckpointSettings settings) {
        this.settings = settings;
    }

    /** Adds a durable commit, in order. */
    void add(ObjectHeader header) {
        lock.lock();
        try {
            entries.addLast(new Entry(header.number(), header.dataOffset()));
            bytes += header.dataOffset();
            settle();
        } finally {
            lock.unlock();
        }
    }

    /** Notes a checkpoint that covers everything through this commit. */
    void cover(long seq) {
        lock.lock();
        try {
            while (!entries.isEmpty() && entries.peekFirst().seq() <= seq) {
                bytes -= entries.removeFirst().bytes();
            }
            settle();
        } finally {
            lock.unlock();
        }
    }

    boolean isEmpty() {
        return commits() == 0;
    }

    /** Returns whether it is time for a checkpoint. */
    boolean isDue() {
        lock.lock();
        try {
            return bytes >= settings.logBytes() || entries.size() >= settings.logCommits();
        } finally {
            lock.unlock();
        }
    }

    long bytes() {
        lock.lock();
        try {
            return bytes;
        } finally {
            lock.unlock();
        }
    }

    int commits() {
        lock.lock();
        try {
            return entries.size();
        } finally {
            lock.unlock();
        }
    }

    boolean isFull() {
        return full;
    }

    boolean awaitRoom(long nanosMax) throws InterruptedException {
        lock.lock();
        try {
            for (long left = nanosMax; full && left > 0; ) {
                left = roomMade.awaitNanos(left);
            }
            return !full;
        } finally {
            lock.unlock();
        }
    }

    private void settle() {
        boolean before = full;
        full = bytes > settings.logBytesMax() || entries.size() > settings.logCommitsMax();
        if (before && !full) {
            roomMade.signalAll();
        }
    }
}
