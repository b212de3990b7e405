// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import java.util.function.LongSupplier;

/**
 * Decides which parts of a pass are due: whether the volume rests, when the next sweep comes, and when the next walk over all
 * entries. Guarded by the collector.
 */
final class GcSchedule {
    /** Passes without an active client before files are put in order. After a shorter pause the work would be in vain. */
    private static final int QUIET_PASSES_MIN = 2;

    /** Rest after a walk, in multiples of its duration. */
    private static final int COMPACTION_PAUSE = 4;

    private final GcSettings settings;
    private final LongSupplier nanoTime;
    private long requestsBefore;
    private long requestsWalked;
    private long requestsCompacted;
    private long nextSweepNanos;
    private long nextCompactionNanos;
    private int quietPasses;
    private boolean idle;

    GcSchedule(GcSettings settings, LongSupplier nanoTime) {
        this.settings = settings;
        this.nanoTime = nanoTime;
    }

    /** A pass begins.
     *
     * @param requests of clients since the volume was opened
     */
    void begin(long requests) {
        idle = requests == requestsBefore;
        quietPasses = idle ? quietPasses + 1 : 0;
        requestsBefore = requests;
    }

    /** Whether no client asked for anything since the pass before. */
    boolean isIdle() {
        return idle;
    }

    boolean isSweepDue() {
        return nanoTime.getAsLong() - nextSweepNanos >= 0;
    }

    void sweepAfter(long nanos) {
        nextSweepNanos = nanoTime.getAsLong() + nanos;
    }

    /** @param walking whether a walk has begun and goes on */
    boolean isCompactionDue(boolean walking, long requests) {
        boolean due = walking || requests != requestsCompacted && nanoTime.getAsLong() - nextCompactionNanos >= 0;
        return quietPasses >= QUIET_PASSES_MIN && due;
    }

    /** A new walk begins: it sees all changes of the requests before. */
    void walkBegins(long requests) {
        requestsWalked = requests;
    }

    /** @param complete whether the walk reached the last entry */
    void walked(long beganNanos, boolean complete) {
        if (complete) {
            requestsCompacted = requestsWalked;
        }
        long end = nanoTime.getAsLong();
        nextCompactionNanos = end + Math.max(settings.interval().toNanos(), end - beganNanos) * COMPACTION_PAUSE;
    }
}
