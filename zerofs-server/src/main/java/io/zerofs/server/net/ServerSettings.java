// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

/**
 * Limits of all protocol servers together.
 *
 * @param stallSeconds seconds after which the daemon closes a connection that takes no byte of pending replies, or sends
 *     no byte of a begun request. It waits for less if other connections need the memory
 * @param closeSeconds maximum seconds for which closing a server waits for requests in flight
 * @param clientShare part of connections, threads and bytes that one client can have, above 0, at most 1; see {@link
 *     Shares}
 */
public record ServerSettings(Threads threads, Limits limits, int stallSeconds, int closeSeconds, double clientShare) {
    /** Maximum share of each resource of one client while no other client wants it. */
    public static final double CLIENT_SHARE = 0.75;

    public static final ServerSettings DEFAULT = new ServerSettings(
            new Threads(Math.max(1, Runtime.getRuntime().availableProcessors()), 64, 128 << 10),
            new Limits(1_024, 256, 32L << 20, 256L << 20),
            120,
            10,
            CLIENT_SHARE);

    /**
     * Threads, and the choice between them.
     *
     * @param eventLoops threads that serve sockets, at least 1
     * @param blocking threads for requests that wait for the store or move much data, at least 1
     * @param offloadBytes minimum bytes of a transfer that runs on a waiting thread at once. So the large requests of one
     *     connection use several cores
     */
    public record Threads(int eventLoops, int blocking, int offloadBytes) {
        public Threads {
            require(eventLoops >= 1, "eventLoops", eventLoops);
            require(blocking >= 1, "blocking", blocking);
            require(offloadBytes >= 1, "offloadBytes", offloadBytes);
        }
    }

    /**
     * Limits of connections and their requests.
     *
     * @param connectionsMax maximum connections at once; further ones are closed when they arrive, unless an idle one
     *     makes way
     * @param requestsPerConnectionMax maximum requests of one connection, from their begin until the socket has taken their
     *     replies; beyond it the daemon does not read the socket
     * @param bytesPerConnectionMax maximum bytes of requests and replies in flight on one connection; one message may exceed
     *     it
     * @param bytesInFlightMax maximum bytes of requests and replies in flight over all connections; one message may exceed
     *     it
     */
    public record Limits(
            int connectionsMax, int requestsPerConnectionMax, long bytesPerConnectionMax, long bytesInFlightMax) {
        public Limits {
            require(connectionsMax >= 1, "connectionsMax", connectionsMax);
            require(requestsPerConnectionMax >= 1, "requestsPerConnectionMax", requestsPerConnectionMax);
            require(bytesPerConnectionMax >= 1, "bytesPerConnectionMax", bytesPerConnectionMax);
            require(bytesInFlightMax >= bytesPerConnectionMax, "bytesInFlightMax", bytesInFlightMax);
        }
    }

    public ServerSettings {
        require(stallSeconds >= 1, "stallSeconds", stallSeconds);
        require(closeSeconds >= 0, "closeSeconds", closeSeconds);
        if (!(clientShare > 0 && clientShare <= 1)) {
            throw new IllegalArgumentException("clientShare is out of range: " + clientShare);
        }
    }

    private ServerSettings with(Threads other) {
        return new ServerSettings(other, limits, stallSeconds, closeSeconds, clientShare);
    }

    private ServerSettings with(Limits other) {
        return new ServerSettings(threads, other, stallSeconds, closeSeconds, clientShare);
    }

    public ServerSettings withThreads(int eventLoops, int blocking) {
        return with(new Threads(eventLoops, blocking, threads.offloadBytes));
    }

    public ServerSettings withOffloadBytes(int bytes) {
        return with(new Threads(threads.eventLoops, threads.blocking, bytes));
    }

    public ServerSettings withConnectionsMax(int max) {
        return with(new Limits(
                max, limits.requestsPerConnectionMax, limits.bytesPerConnectionMax, limits.bytesInFlightMax));
    }

    public ServerSettings withRequestsPerConnectionMax(int max) {
        return with(new Limits(limits.connectionsMax, max, limits.bytesPerConnectionMax, limits.bytesInFlightMax));
    }

    public ServerSettings withBytesMax(long perConnection, long inFlight) {
        return with(new Limits(limits.connectionsMax, limits.requestsPerConnectionMax, perConnection, inFlight));
    }

    public ServerSettings withStallSeconds(int seconds) {
        return new ServerSettings(threads, limits, seconds, closeSeconds, clientShare);
    }

    public ServerSettings withCloseSeconds(int seconds) {
        return new ServerSettings(threads, limits, stallSeconds, seconds, clientShare);
    }

    public ServerSettings withClientShare(double share) {
        return new ServerSettings(threads, limits, stallSeconds, closeSeconds, share);
    }

    private static void require(boolean holds, String name, long value) {
        if (!holds) {
            throw new IllegalArgumentException(name + " is out of range: " + value);
        }
    }
}
