// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds what clients can make the daemon hold: requests and bytes in flight per connection, and bytes over all
 * connections. A request counts from the moment its length is known until the socket took its reply, so a client that
 * does not read its replies soon is not read either. A large reply counts before its memory is taken.
 *
 * <p>One message is let in whenever the limits are not yet reached; so each limit can be exceeded by one message. Those
 * over all connections are limits for all that is in flight besides small messages, of which each connection may have one
 * at any time, so that those who hold much starve nobody who asks for little. Messages of more than a usual transfer have
 * a limit of their own on top, so that few of them do not keep everybody else out.
 */
final class AdmissionControl {
    /** Messages that wait for nobody if their connection has nothing else in flight. */
    static final int SMALL_BYTES = 8 << 10;

    /** Minimum bytes of a request with its objects. */
    static final int REQUEST_BYTES_MIN = 1 << 10;

    /** More than a transfer of a mebibyte, or of the 1,280 KiB of Linux' block layer, and what goes with it. */
    static final int BULK_BYTES = 3 << 19;

    /** Part of the limit over all connections that there is for longer messages. */
    private static final int BULK_PART = 4;

    private static final long BULK_BYTES_MAX = 24 << 20;

    /** Part of the limit over all connections by which it is higher for some. */
    private static final int RESERVE_PART = 8;

    private static final long RESERVE_BYTES_MAX = 4 << 20;

    private final ServerSettings settings;
    private final long reserveBytes;
    private final long bulkBytesMax;
    private final AtomicLong bytesInFlight = new AtomicLong();
    private final AtomicLong bulkInFlight = new AtomicLong();
    private final ConcurrentLinkedQueue<ConnectionBudget> waiting = new ConcurrentLinkedQueue<>();

    AdmissionControl(ServerSettings settings) {
        this.settings = settings;
        this.reserveBytes = Math.min(RESERVE_BYTES_MAX, settings.bytesInFlightMax() / RESERVE_PART);
        this.bulkBytesMax = Math.min(BULK_BYTES_MAX, settings.bytesInFlightMax() / BULK_PART);
    }

    /**
     * Makes the budget of one connection.
     *
     * @param client whose connection it is
     * @param resume called on any thread when a refused request is worth another try, after {@link
     *     ConnectionBudget#awaitRoom}
     */
    ConnectionBudget budget(Client client, Runnable resume) {
        return new ConnectionBudget(client, resume);
    }

    long bytesInFlight() {
        return bytesInFlight.get() + bulkInFlight.get();
    }

    /** Whether there is no room for usual messages. */
    boolean isFull() {
        return bytesInFlight.get() >= settings.bytesInFlightMax();
    }

    /** The bytes in flight of one connection. One thread admits and waits, any thread releases. */
    final class ConnectionBudget {
        private final Client client;
        private final Runnable resume;
        private final AtomicInteger requests = new AtomicInteger();
        private final AtomicLong bytes = new AtomicLong();
        private final AtomicBoolean refused = new AtomicBoolean();
        /** Whether what was asked for last belongs to a request that was let in. */
        private volatile boolean begun;
        /** Its bytes. */
        private volatile int asked;

        private ConnectionBudget(Client client, Runnable resume) {
            this.client = client;
            this.resume = resume;
        }

        int requests() {
            return requests.get();
        }

        /** Whether others wait for what this connection has: all is taken, or their common client has its share. */
        boolean isWanted() {
            return bytes.get() > SMALL_BYTES
                    && !waiting.isEmpty()
                    && (isFull()
                            || bulkInFlight.get() >= bulkBytesMax
                            || waiting.stream().anyMatch(this::isInTheWayOf));
        }

        private boolean isInTheWayOf(ConnectionBudget other) {
            return other != this
                    && other.client == client
                    && !other.begun
                    && !other.isInItsShare(other.limit() - total(other.asked).get());
        }

        /** Lets a request of this length in if there is room. */
        boolean tryAdmit(int length) {
            begun = false;
            boolean admitted = tryTake(length);
            if (admitted) {
                requests.incrementAndGet();
            }
            return admitted;
        }

        /** Counts more bytes for a request that was let in, before their memory is taken, if there is room. */
        boolean tryCharge(int length) {
            begun = true;
            return tryTake(length);
        }

        /** Counts bytes that belong to no request yet, if there is room that nobody needs. */
        boolean tryReserve(int length) {
            if (isFull()) {
                return false;
            }
            charge(length);
            return true;
        }

        private boolean tryTake(int length) {
            asked = length;
            AtomicLong total = total(length);
            long before;
            do {
                before = total.get();
                if (!hasRoom(before)) {
                    return false;
                }
            } while (!total.compareAndSet(before, before + length));
            bytes.addAndGet(length);
            use(length, length);
            return true;
        }

        /** Has {@code resume} called once when what was just refused is worth another try. */
        void awaitRoom() {
            // In this order, so that whoever finds the flag finds the entry, too.
            waiting.add(this);
            refused.set(true);
            // What was released between the refusal and the flag has not seen the flag.
            wakeIfPossible();
        }

        /** Waits no more. */
        void cancel() {
            if (refused.compareAndSet(true, false)) {
                waiting.remove(this);
            }
        }

        /** Counts bytes, whatever the limits. */
        void charge(int length) {
            count(length, length);
        }

        /** Ends a request with the bytes of its message. */
        void release(int length) {
            requests.decrementAndGet();
            refund(length);
        }

        /** Counts less, by what was counted at once. */
        void refund(int length) {
            count(length, -length);
            wakeIfPossible();
            wakeOthers();
        }

        private void count(int length, int change) {
            bytes.addAndGet(change);
            use(length, change);
            total(length).addAndGet(change);
        }

        private void use(int length, int change) {
            if (length <= BULK_BYTES) {
                client.use(ClientResource.REQUEST_BYTES, change);
            }
        }

        /** Whether what was asked for last may be let in beside so many bytes. */
        private boolean hasRoom(long inFlight) {
            boolean small = asked <= SMALL_BYTES && (begun || others() == 0);
            return small || isAllowed() && inFlight < limit() && (begun || isInItsShare(limit() - inFlight));
        }

        /** Returns whether the client of the connection may have more of what is free. What has begun is let end. */
        private boolean isInItsShare(long free) {
            return asked > BULK_BYTES
                    || Shares.mayHave(client, ClientResource.REQUEST_BYTES, 0, free, settings.clientShare());
        }

        /** Requests of this connection besides the one that asks. */
        private int others() {
            return requests.get() - (begun ? 1 : 0);
        }

        /** Whether the limits of this connection allow it more. */
        private boolean isAllowed() {
            int others = others();
            return others == 0
                    || others < settings.requestsPerConnectionMax() && bytes.get() < settings.bytesPerConnectionMax();
        }

        /**
         * Returns the limit for the pending message. Messages that end something go before new ones; otherwise all could
         * wait for each other. Connections with nothing in flight go first, so that stalled clients starve nobody.
         */
        private long limit() {
            if (asked > BULK_BYTES) {
                return bulkBytesMax;
            }
            return settings.bytesInFlightMax() + (begun ? 2 * reserveBytes : others() == 0 ? reserveBytes : 0);
        }

        /** Once for each time it waited, whoever comes first. */
        private void wakeIfPossible() {
            if (refused.get() && hasRoom(total(asked).get()) && refused.compareAndSet(true, false)) {
                waiting.remove(this);
                resume.run();
            }
        }
    }

    private AtomicLong total(int length) {
        return length > BULK_BYTES ? bulkInFlight : bytesInFlight;
    }

    /** Wakes connections that wait for a limit over all connections. Each release calls this. */
    private void wakeOthers() {
        if (waiting.isEmpty()
                || bytesInFlight.get() >= settings.bytesInFlightMax() + 2 * reserveBytes
                        && bulkInFlight.get() >= bulkBytesMax) {
            return;
        }
        waiting.forEach(ConnectionBudget::wakeIfPossible);
    }
}
