// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds the memory that the daemon holds for clients: requests and bytes in flight per connection, and bytes over all
 * connections. A request counts from the moment when its length is known until the socket has taken its reply. So the
 * daemon soon stops reading a client that does not read its replies. A large reply counts before its memory is taken.
 *
 * <p>While no limit is reached, the daemon admits one more message of any length. So one message can exceed each limit. A
 * small message never waits if its connection has nothing else in flight, nor does a small reply to an admitted request.
 * So connections with much in flight do not starve connections that need little. Messages longer than a usual transfer
 * have a separate limit over all connections, so that a few of them do not keep out the others.
 */
final class AdmissionControl {
    /** Maximum bytes of a small message, which never waits if its connection has nothing else in flight. */
    static final int SMALL_BYTES = 8 << 10;

    /** Minimum bytes that a request counts, because its Java objects take memory, too. */
    static final int REQUEST_BYTES_MIN = 1 << 10;

    /**
     * Maximum bytes of a usual message: a transfer of 1 MiB, or of the 1,280 KiB of Linux' block layer, with its headers.
     * Longer messages have a limit of their own.
     */
    static final int BULK_BYTES = 3 << 19;

    /** Longer messages have the limit over all connections divided by this. */
    private static final int BULK_PART = 4;

    /** Maximum bytes of longer messages in flight over all connections. */
    private static final long BULK_BYTES_MAX = 24 << 20;

    /** The reserve is the limit over all connections divided by this. Messages that go first may exceed the limit by it. */
    private static final int RESERVE_PART = 8;

    /** Maximum bytes of the reserve. */
    private static final long RESERVE_BYTES_MAX = 4 << 20;

    private final ServerSettings settings;
    private final long reserveBytes;
    private final long bulkBytesMax;
    private final AtomicLong bytesInFlight = new AtomicLong();
    private final AtomicLong bulkInFlight = new AtomicLong();
    private final ConcurrentLinkedQueue<ConnectionBudget> waiting = new ConcurrentLinkedQueue<>();

    AdmissionControl(ServerSettings settings) {
        this.settings = settings;
        this.reserveBytes = Math.min(RESERVE_BYTES_MAX, settings.limits().bytesInFlightMax() / RESERVE_PART);
        this.bulkBytesMax = Math.min(BULK_BYTES_MAX, settings.limits().bytesInFlightMax() / BULK_PART);
    }

    /**
     * Makes the budget of one connection.
     *
     * @param client the client of the connection
     * @param resume called on any thread when the refused message may fit, after {@link ConnectionBudget#awaitRoom}
     */
    ConnectionBudget budget(Client client, Runnable resume) {
        return new ConnectionBudget(client, resume);
    }

    long bytesInFlight() {
        return bytesInFlight.get() + bulkInFlight.get();
    }

    /** Returns whether the limit over all connections is reached for usual messages. */
    boolean isFull() {
        return bytesInFlight.get() >= settings.limits().bytesInFlightMax();
    }

    /** The bytes in flight of one connection. One thread admits and waits, any thread releases. */
    final class ConnectionBudget {
        private final Client client;
        private final Runnable resume;
        private final AtomicInteger requests = new AtomicInteger();
        private final AtomicLong bytes = new AtomicLong();
        private final AtomicBoolean refused = new AtomicBoolean();
        /** Whether the pending message belongs to an admitted request. */
        private volatile boolean begun;
        /** Bytes of the pending message: the last one that asked for room. */
        private volatile int asked;

        private ConnectionBudget(Client client, Runnable resume) {
            this.client = client;
            this.resume = resume;
        }

        int requests() {
            return requests.get();
        }

        /**
         * Returns whether other connections wait for bytes of this one: a limit over all connections is reached, or their
         * common client has its share. A connection with at most {@link #SMALL_BYTES} is never wanted.
         */
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

        /** Admits a request of this length if there is room. */
        boolean tryAdmit(int length) {
            begun = false;
            boolean admitted = tryTake(length);
            if (admitted) {
                requests.incrementAndGet();
            }
            return admitted;
        }

        /** Counts more bytes for an admitted request if there is room, before their memory is taken. */
        boolean tryCharge(int length) {
            begun = true;
            return tryTake(length);
        }

        /** Counts bytes that belong to no request yet, unless the limit over all connections is reached. */
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

        /** Calls {@code resume} once when the refused message may fit, perhaps before this method returns. */
        void awaitRoom() {
            // In this order, so that a thread that finds the flag finds the entry, too.
            waiting.add(this);
            refused.set(true);
            // A release between the refusal and the flag has not seen the flag.
            wakeIfPossible();
        }

        /** Stops waiting. */
        void cancel() {
            if (refused.compareAndSet(true, false)) {
                waiting.remove(this);
            }
        }

        /** Counts bytes regardless of the limits. */
        void charge(int length) {
            count(length, length);
        }

        /** Ends a request and refunds the bytes of its message. */
        void release(int length) {
            requests.decrementAndGet();
            refund(length);
        }

        /**
         * Refunds counted bytes. Bytes of a message beyond {@link #BULK_BYTES} must be refunded at once, because the length
         * selects the total.
         */
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

        /** Returns whether the pending message fits next to {@code inFlight} bytes. */
        private boolean hasRoom(long inFlight) {
            boolean small = asked <= SMALL_BYTES && (begun || others() == 0);
            return small || isAllowed() && inFlight < limit() && (begun || isInItsShare(limit() - inFlight));
        }

        /**
         * Returns whether the client of the connection may have more while this many bytes are free. Callers ask only for
         * new requests: an admitted one may end even if its client has its share.
         */
        private boolean isInItsShare(long free) {
            return asked > BULK_BYTES
                    || Shares.mayHave(client, ClientResource.REQUEST_BYTES, 0, free, settings.clientShare());
        }

        /** Returns the number of this connection's requests without the one of the pending message. */
        private int others() {
            return requests.get() - (begun ? 1 : 0);
        }

        /** Returns whether the limits of this connection permit another message. */
        private boolean isAllowed() {
            int others = others();
            return others == 0
                    || others < settings.limits().requestsPerConnectionMax()
                            && bytes.get() < settings.limits().bytesPerConnectionMax();
        }

        /**
         * Returns the limit for the pending message. Messages of admitted requests go first; otherwise all requests could
         * wait for each other. Connections with nothing in flight go next, so that stalled clients do not starve them.
         */
        private long limit() {
            if (asked > BULK_BYTES) {
                return bulkBytesMax;
            }
            return settings.limits().bytesInFlightMax() + (begun ? 2 * reserveBytes : others() == 0 ? reserveBytes : 0);
        }

        /** Resumes the connection if the refused message may fit: once per wait, on the first thread that finds it so. */
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
                || bytesInFlight.get() >= settings.limits().bytesInFlightMax() + 2 * reserveBytes
                        && bulkInFlight.get() >= bulkBytesMax) {
            return;
        }
        waiting.forEach(ConnectionBudget::wakeIfPossible);
    }
}
