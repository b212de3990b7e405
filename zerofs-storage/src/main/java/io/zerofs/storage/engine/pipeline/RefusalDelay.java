// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.pipeline;

import java.time.Duration;

/**
 * The delay before a refused write to the index is repeated. It is short at first, because a write may only have come
 * between two buffers, and grows each time. Thread-safe.
 */
final class RefusalDelay {
    private static final long FIRST_NANOS = Duration.ofMillis(5).toNanos();
    private static final long NANOS_MAX = Duration.ofSeconds(1).toNanos();
    private static final int DOUBLINGS_MAX = 20;

    private int refusals;

    /** Notes a refusal and returns the delay. */
    synchronized long nextNanos() {
        return Math.min(NANOS_MAX, FIRST_NANOS << Math.min(refusals++, DOUBLINGS_MAX));
    }

    /** Returns whether to log the refusal: the first one, and again when a full disk is likely. */
    synchronized boolean isNews() {
        return Integer.bitCount(refusals) == 1;
    }

    synchronized void accepted() {
        refusals = 0;
    }
}
