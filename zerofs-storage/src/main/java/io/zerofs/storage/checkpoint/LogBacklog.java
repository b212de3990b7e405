// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.checkpoint;

import io.zerofs.storage.seal.ObjectHeader;
import java.util.ArrayDeque;
import java.util.Deque;

/** The commits that no published checkpoint covers, which a new machine would replay. Thread-safe. */
final class LogBacklog {
    private record Entry(long seq, long bytes) {}

    private final CheckpointSettings settings;
    private final Deque<Entry> entries = new ArrayDeque<>();
    private long bytes;
    private volatile boolean full;

    LogBacklog(CheckpointSettings settings) {
        this.settings = settings;
    }

    /** Adds a durable commit, in order. */
    synchronized void add(ObjectHeader header) {
        entries.addLast(new Entry(header.number(), header.dataOffset()));
        bytes += header.dataOffset();
        settle();
    }

    /** Notes a checkpoint that covers everything through this commit. */
    synchronized void cover(long seq) {
        while (!entries.isEmpty() && entries.peekFirst().seq() <= seq) {
            bytes -= entries.removeFirst().bytes();
        }
        settle();
    }

    synchronized boolean isEmpty() {
        return entries.isEmpty();
    }

    /** Returns whether it is time for a checkpoint. */
    synchronized boolean isDue() {
        return bytes >= settings.logBytes() || entries.size() >= settings.logCommits();
    }

    synchronized long bytes() {
        return bytes;
    }

    synchronized int commits() {
        return entries.size();
    }

    boolean isFull() {
        return full;
    }

    synchronized boolean awaitRoom(long nanosMax) throws InterruptedException {
        long end = System.nanoTime() + nanosMax;
        for (long left = nanosMax; full && left > 0; left = end - System.nanoTime()) {
            wait(left / 1_000_000, (int) (left % 1_000_000));
        }
        return !full;
    }

    private void settle() {
        boolean before = full;
        full = bytes > settings.logBytesMax() || entries.size() > settings.logCommitsMax();
        if (before && !full) {
            notifyAll();
        }
    }
}
