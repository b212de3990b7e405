// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.util.concurrent.TimeUnit;

/**
 * Records since when a connection is of no use to its client. It is idle from its start until its first whole message,
 * and after some time without requests. The event loop changes it, any thread reads it.
 */
final class Idleness {
    /** Minimum nanoseconds without requests after which a connection may count as idle. */
    private static final long NANOS_MIN = TimeUnit.SECONDS.toNanos(10);

    private volatile long sinceNanos = System.nanoTime();
    private volatile boolean idle = true;
    private boolean used;

    /** Notes a message. */
    void use() {
        used = true;
        if (idle) {
            idle = false;
        }
    }

    /** Notes messages since the last check. Returns whether the connection has had no request for the minimum time. */
    boolean check(boolean hasRequests) {
        if (used || hasRequests) {
            used = false;
            sinceNanos = System.nanoTime();
        }
        return System.nanoTime() - sinceNanos >= NANOS_MIN;
    }

    /** Marks the connection as idle: the client would lose nothing if the daemon closed it. */
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
