// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.util.concurrent.TimeUnit;

/**
 * Knows since when a connection is of no use to its client: from its start until its first whole message, and after some
 * time without requests. Told on the event loop, asked on any thread.
 */
final class Idleness {
    /** How long a connection without requests is not taken for idle. */
    private static final long NANOS_MIN = TimeUnit.SECONDS.toNanos(10);

    private volatile long sinceNanos = System.nanoTime();
    private volatile boolean idle = true;
    private boolean used;

    /** Says that a message came. */
    void use() {
        used = true;
        if (idle) {
            idle = false;
        }
    }

    /** Looks whether it was used meanwhile. Returns whether it was not for long. */
    boolean check(boolean hasRequests) {
        if (used || hasRequests) {
            used = false;
            sinceNanos = System.nanoTime();
        }
        return System.nanoTime() - sinceNanos >= NANOS_MIN;
    }

    /** Says that closing it would cost its client nothing. */
    void becomeIdle() {
        idle = true;
    }

    boolean isIdle() {
        return idle;
    }

    long sinceNanos() {
        return sinceNanos;
    }
}
