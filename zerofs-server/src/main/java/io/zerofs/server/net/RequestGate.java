// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds what clients can make the daemon hold: requests and bytes in flight per connection, and bytes over all
 * connections. A request counts from the moment its length is known until the socket took its reply, so a client that
 * does not read its replies soon is not read either.
 *
 * <p>One message is let in whenever the limits are not yet reached; so each limit can be exceeded by one message and its
 * reply per connection.
 */
final class RequestGate {
    private final ServerSettings settings;
    private final AtomicLong bytesInFlight = new AtomicLong();
    private final ConcurrentLinkedQueue<Share> waiting = new ConcurrentLinkedQueue<>();

    RequestGate(ServerSettings settings) {
        this.settings = settings;
    }

    /**
     * The share of one connection.
     *
     * @param resume called on any thread when {@link Share#tryAdmit} is worth another try after it refused
     */
    Share share(Runnable resume) {
        return new Share(resume);
    }

    long bytesInFlight() {
        return bytesInFlight.get();
    }

    /** What one connection has in flight. One thread admits, any thread releases. */
    final class Share {
        private final Runnable resume;
        private final AtomicInteger requests = new AtomicInteger();
        private final AtomicLong bytes = new AtomicLong();
        private final AtomicBoolean refused = new AtomicBoolean();

        private Share(Runnable resume) {
            this.resume = resume;
        }

        int requests() {
            return requests.get();
        }

        /** Lets a request of this length in, or returns false and calls {@code resume} later. */
        boolean tryAdmit(int length) {
            if (hasRoom()) {
                requests.incrementAndGet();
                charge(length);
                return true;
            }
            // In this order, so that whoever finds the flag finds the entry, too.
            waiting.add(this);
            refused.set(true);
            // What was released between the look and the flag has not seen the flag.
            wakeIfPossible();
            return false;
        }

        /** Counts more bytes for a request that was let in, such as those of its reply. */
        void charge(int length) {
            bytes.addAndGet(length);
            bytesInFlight.addAndGet(length);
        }

        /** Ends a request with all the bytes that were counted for it. */
        void release(long length) {
            bytes.addAndGet(-length);
            bytesInFlight.addAndGet(-length);
            requests.decrementAndGet();
            wakeIfPossible();
            wakeOthers();
        }

        /** A connection with nothing in flight always gets on, so that those who do not read starve nobody. */
        private boolean hasRoom() {
            int inFlight = requests.get();
            return inFlight == 0
                    || inFlight < settings.requestsPerConnectionMax()
                            && bytes.get() < settings.bytesPerConnectionMax()
                            && bytesInFlight.get() < settings.bytesInFlightMax();
        }

        /** Once for each time it was refused, whoever comes first. */
        private void wakeIfPossible() {
            if (refused.get() && hasRoom() && refused.compareAndSet(true, false)) {
                waiting.remove(this);
                resume.run();
            }
        }
    }

    /** Those that the limit over all connections holds back are woken by whoever releases. */
    private void wakeOthers() {
        if (waiting.isEmpty() || bytesInFlight.get() >= settings.bytesInFlightMax()) {
            return;
        }
        for (Share share : waiting) {
            share.wakeIfPossible();
        }
    }
}
