// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * The commits in memory, in order without gaps: durable commits, commits being sealed or uploaded, and the open commit at
 * the end. Of durable commits the table keeps written data, because clients will probably read it soon, or compaction will.
 * Reads need no lock. A frame leaves only after the index has its commit's table, so a reader finds it in one of the two.
 */
public final class CommitTable {
    private static final int KEPT_MAX = 1024;

    private final long keptBytesMax;
    private final Deque<Long> kept = new ArrayDeque<>();
    private long keptBytes;
    private long earlyBytes;
    private volatile OpenCommit[] commits;

    /** @param keptBytesMax maximum bytes of durable commits */
    public CommitTable(OpenCommit open, long keptBytesMax) {
        this.commits = new OpenCommit[] {open};
        this.keptBytesMax = keptBytesMax;
    }

    public OpenCommit open() {
        OpenCommit[] now = commits;
        return now[now.length - 1];
    }

    /** Returns the commit with this seq, or null if it is no longer in memory. */
    public OpenCommit find(long seq) {
        OpenCommit[] now = commits;
        long index = seq - now[0].seq();
        return index >= 0 && index < now.length ? now[(int) index] : null;
    }

    /** Adds the next open commit. Called with the gate shut. */
    public synchronized void add(OpenCommit next) {
        OpenCommit[] more = Arrays.copyOf(commits, commits.length + 1);
        more[commits.length] = next;
        commits = more;
    }

    /**
     * Takes room of durable commits for a commit that the store has, while it does not have an earlier one.
     *
     * @return false if there is no room
     */
    public synchronized boolean keepEarly(OpenCommit stored) {
        if (earlyBytes + stored.memoryBytes() > keptBytesMax) {
            return false;
        }
        earlyBytes += stored.memoryBytes();
        dropSurplus();
        return true;
    }

    /**
     * Keeps a commit that the index has completely, while there is room. Called in the order of the log.
     *
     * @param early whether {@link #keepEarly} took it
     */
    public synchronized void keep(OpenCommit applied, boolean early) {
        earlyBytes -= early ? applied.memoryBytes() : 0;
        long bytes = applied.keepWrittenOnly();
        kept.addLast(bytes);
        keptBytes += bytes;
        dropSurplus();
    }

    private void dropSurplus() {
        int drop = 0;
        // Their number is bounded too, because each cut copies the array.
        while (!kept.isEmpty() && keptBytes + earlyBytes > keptBytesMax || kept.size() > KEPT_MAX) {
            keptBytes -= kept.removeFirst();
            drop++;
        }
        commits = Arrays.copyOfRange(commits, drop, commits.length);
    }
}
