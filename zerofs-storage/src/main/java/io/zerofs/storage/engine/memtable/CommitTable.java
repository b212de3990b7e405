// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * The commits in memory, in unbroken order: some that are durable, of which what was written is kept because it is likely
 * to be read, or folded, soon; those that are sealed or uploaded; and the open one at the end. Reads need no lock. A frame
 * leaves only after its commit's table stands in the index, so who does not find it here finds it there.
 */
public final class CommitTable {
    private static final int KEPT_MAX = 1024;

    private final long keptBytesMax;
    private final Deque<Long> kept = new ArrayDeque<>();
    private long keptBytes;
    private volatile OpenCommit[] commits;

    /** @param keptBytesMax what durable commits may take */
    public CommitTable(OpenCommit open, long keptBytesMax) {
        this.commits = new OpenCommit[] {open};
        this.keptBytesMax = keptBytesMax;
    }

    public OpenCommit open() {
        OpenCommit[] now = commits;
        return now[now.length - 1];
    }

    /** The commit with this seq, or null if it is no longer in memory. */
    public OpenCommit find(long seq) {
        OpenCommit[] now = commits;
        long index = seq - now[0].seq();
        return index >= 0 && index < now.length ? now[(int) index] : null;
    }

    /** Called with the gate shut. */
    public synchronized void add(OpenCommit next) {
        OpenCommit[] more = Arrays.copyOf(commits, commits.length + 1);
        more[commits.length] = next;
        commits = more;
    }

    /** Keeps a commit, of which everything is in the index, as long as there is room. Called in the order of the log. */
    public synchronized void keep(OpenCommit applied) {
        long bytes = applied.keepWrittenOnly();
        kept.addLast(bytes);
        keptBytes += bytes;
        int drop = 0;
        // Their number is bounded too, for the array is copied at each cut.
        while (keptBytes > keptBytesMax || kept.size() > KEPT_MAX) {
            keptBytes -= kept.removeFirst();
            drop++;
        }
        commits = Arrays.copyOfRange(commits, drop, commits.length);
    }
}
