// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.manifest;

/**
 * One term of one writer.
 *
 * @param firstSeq its first commit; {@link #UNKNOWN} if the writer claimed but does not serve yet, so has no commit
 * @param lastSeq its last commit, less than {@code firstSeq} if it has none; {@link #OPEN} if no writer has ended it
 */
public record WriterTerm(long epoch, long firstSeq, long lastSeq) {
    static final long UNKNOWN = 0;
    static final long OPEN = -1;

    public WriterTerm {
        boolean valid = epoch >= 1
                && (firstSeq == UNKNOWN ? lastSeq == OPEN : firstSeq >= 1 && (lastSeq == OPEN || lastSeq >= 0));
        if (!valid) {
            throw new IllegalArgumentException("impossible term of epoch " + epoch);
        }
    }

    public static WriterTerm claimed(long epoch) {
        return new WriterTerm(epoch, UNKNOWN, OPEN);
    }

    public static WriterTerm serving(long epoch, long firstSeq) {
        return new WriterTerm(epoch, firstSeq, OPEN);
    }

    /**
     * Returns whether its writer may have put a commit. A writer that lost the volume before it published its first seq never
     * will, because the name after its claim is taken.
     */
    public boolean hasServed() {
        return firstSeq != UNKNOWN;
    }

    public boolean isOpen() {
        return lastSeq == OPEN;
    }

    /** Returns whether an ended term has a commit. */
    public boolean hasCommits() {
        return lastSeq >= firstSeq;
    }

    public boolean contains(long seq) {
        return firstSeq != UNKNOWN && seq >= firstSeq && (isOpen() || seq <= lastSeq);
    }
}
