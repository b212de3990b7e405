// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.pipeline;

import java.time.Duration;

/**
 * How long to wait before the index is asked again for what it refused: a moment at first, for a write may only have come
 * between two of its buffers, and longer each time. Thread-safe.
 */
final class RefusalDelay {
    private static final long FIRST_NANOS = Duration.ofMillis(5).toNanos();
    private static final long NANOS_MAX = Duration.ofSeconds(1).toNanos();
    private static final int DOUBLINGS_MAX = 20;

    private int refusals;

    /** A further refusal. */
    synchronized long nextNanos() {
        return Math.min(NANOS_MAX, FIRST_NANOS << Math.min(refusals++, DOUBLINGS_MAX));
    }

    /** Whether it is worth a line in the log: the first, and once a full disk is likely. */
    synchronized boolean isNews() {
        return Integer.bitCount(refusals) == 1;
    }

    synchronized void accepted() {
        refusals = 0;
    }
}
