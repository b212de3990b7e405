// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import java.util.Arrays;

/**
 * The commits in memory, in unbroken order: those that are sealed or uploaded, and the open one at the end. Reads need
 * no lock. A commit is dropped only after its frame table stands in the index, so who finds none here finds it there.
 */
final class DirtyTable {
    private volatile OpenCommit[] commits;

    DirtyTable(OpenCommit open) {
        this.commits = new OpenCommit[] {open};
    }

    OpenCommit open() {
        OpenCommit[] now = commits;
        return now[now.length - 1];
    }

    /** The commit with this seq, or null if it is no longer in memory. */
    OpenCommit find(long seq) {
        OpenCommit[] now = commits;
        long index = seq - now[0].seq();
        return index >= 0 && index < now.length ? now[(int) index] : null;
    }

    /** Called with the gate shut. */
    synchronized void add(OpenCommit next) {
        OpenCommit[] more = Arrays.copyOf(commits, commits.length + 1);
        more[commits.length] = next;
        commits = more;
    }

    synchronized void dropFirst() {
        commits = Arrays.copyOfRange(commits, 1, commits.length);
    }
}
