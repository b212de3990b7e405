// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

/**
 * The times of a follower's looks at the log: often while the log changes, and rarely while it does not. Confined to one
 * thread.
 */
final class FollowSchedule {
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1000 * MILLI;

    /** Nanoseconds between two looks while the log changes. */
    static final long BUSY_NANOS = 600 * MILLI;

    /** Nanoseconds between two looks after a long time without changes: 36 requests an hour. */
    static final long IDLE_NANOS = 105 * SECOND;

    private static final long GROWTH = 3;

    /** Minimum nanoseconds after a change in which another one is expected. */
    private static final long EXPECTING_NANOS = 10 * SECOND;

    /** Maximum nanoseconds between two seen changes of a writer that flushes at long intervals. */
    private static final long GAP_NANOS_MAX = IDLE_NANOS;

    /** One of this many looks of a busy follower is for later writers. */
    private static final long BUSY_LOOKS = 4;

    /** One of this many looks of an idle follower is for manifests. */
    private static final long IDLE_LOOKS = 16;

    private long changedNanos;
    private long expectingNanos = EXPECTING_NANOS;
    private long delayNanos = BUSY_NANOS;
    private long looks;

    FollowSchedule(long nowNanos) {
        changedNanos = nowNanos;
    }

    /** Returns the extent of the next look. */
    LogTail.Look look() {
        looks++;
        if (delayNanos == BUSY_NANOS) {
            return looks % BUSY_LOOKS == 0 ? LogTail.Look.LATER_WRITERS : LogTail.Look.NEXT;
        }
        return looks % IDLE_LOOKS == 0 ? LogTail.Look.MANIFESTS : LogTail.Look.LATER_WRITERS;
    }

    /** Returns the nanoseconds to the next look after one that found changes. */
    long changed(long nowNanos) {
        long gap = nowNanos - changedNanos;
        expectingNanos = gap <= GAP_NANOS_MAX ? Math.max(EXPECTING_NANOS, 2 * gap) : EXPECTING_NANOS;
        changedNanos = nowNanos;
        delayNanos = BUSY_NANOS;
        return delayNanos;
    }

    /** Returns the nanoseconds to the next look after one that found nothing. */
    long unchanged(long nowNanos) {
        if (nowNanos - changedNanos > expectingNanos) {
            delayNanos = Math.min(IDLE_NANOS, delayNanos * GROWTH);
        }
        return delayNanos;
    }
}
