// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the log of connections from addresses that may not connect, at most once a minute. Thread-safe. */
final class RefusedPeers {
    private static final Logger LOG = LoggerFactory.getLogger(RefusedPeers.class);
    private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final String server;
    private final LongSupplier clock;
    private final AtomicLong untold = new AtomicLong();
    private final AtomicLong nextTold;

    RefusedPeers(String server, LongSupplier clock) {
        this.server = server;
        this.clock = clock;
        this.nextTold = new AtomicLong(clock.getAsLong());
    }

    /** Whether it told the log. */
    boolean count(InetAddress peer) {
        untold.incrementAndGet();
        long now = clock.getAsLong();
        long due = nextTold.get();
        if (now - due < 0 || !nextTold.compareAndSet(due, now + QUIET_NANOS)) {
            return false;
        }
        LOG.warn(
                "{}: {} connections refused, the last from {}: `allow` does not name it",
                server,
                untold.getAndSet(0),
                peer.getHostAddress());
        return true;
    }
}
