// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

/**
 * Limits of all protocol servers together.
 *
 * @param eventLoopThreads threads that serve sockets, at least 1
 * @param blockingThreads threads for requests that wait for the store or move much data, at least 1
 * @param connectionsMax maximum connections at once; further ones are closed when they arrive, unless an idle one makes
 *     way
 * @param requestsPerConnectionMax maximum requests of one connection, from their begin until the socket has taken their
 *     replies; beyond it the daemon does not read the socket
 * @param bytesPerConnectionMax maximum bytes of requests and replies in flight on one connection; one message may exceed
 *     it
 * @param bytesInFlightMax maximum bytes of requests and replies in flight over all connections; one message may exceed it
 * @param offloadBytes minimum bytes of a transfer that runs on a waiting thread at once. So the large requests of one
 *     connection use several cores
 * @param stallSeconds seconds after which the daemon closes a connection that takes no byte of pending replies, or sends
 *     no byte of a begun request. It waits for less if other connections need the memory
 * @param closeSeconds maximum seconds for which closing a server waits for requests in flight
 * @param clientShare part of connections, threads and bytes that one client can have, above 0, at most 1; see {@link
 *     Shares}
 */
public record ServerSettings(
        int eventLoopThreads,
        int blockingThreads,
        int connectionsMax,
        int requestsPerConnectionMax,
        long bytesPerConnectionMax,
        long bytesInFlightMax,
        int offloadBytes,
        int stallSeconds,
        int closeSeconds,
        double clientShare) {
    /** Maximum share of each resource of one client while no other client wants it. */
    public static final double CLIENT_SHARE = 0.75;

    public static final ServerSettings DEFAULT = new ServerSettings(
            Math.max(1, Runtime.getRuntime().availableProcessors()),
            64,
            1_024,
            256,
            32L << 20,
            256L << 20,
            128 << 10,
            120,
            10,
            CLIENT_SHARE);

    public ServerSettings {
        require(eventLoopThreads >= 1, "eventLoopThreads", eventLoopThreads);
        require(blockingThreads >= 1, "blockingThreads", blockingThreads);
        require(connectionsMax >= 1, "connectionsMax", connectionsMax);
        require(requestsPerConnectionMax >= 1, "requestsPerConnectionMax", requestsPerConnectionMax);
        require(bytesPerConnectionMax >= 1, "bytesPerConnectionMax", bytesPerConnectionMax);
        require(bytesInFlightMax >= bytesPerConnectionMax, "bytesInFlightMax", bytesInFlightMax);
        require(offloadBytes >= 1, "offloadBytes", offloadBytes);
        require(stallSeconds >= 1, "stallSeconds", stallSeconds);
        require(closeSeconds >= 0, "closeSeconds", closeSeconds);
        if (!(clientShare > 0 && clientShare <= 1)) {
            throw new IllegalArgumentException("clientShare is out of range: " + clientShare);
        }
    }

    public ServerSettings withThreads(int eventLoops, int blocking) {
        return new ServerSettings(
                eventLoops,
                blocking,
                connectionsMax,
                requestsPerConnectionMax,
                bytesPerConnectionMax,
                bytesInFlightMax,
                offloadBytes,
                stallSeconds,
                closeSeconds,
                clientShare);
    }

    public ServerSettings withConnectionsMax(int connections) {
        return new ServerSettings(
                eventLoopThreads,
                blockingThreads,
                connections,
                requestsPerConnectionMax,
                bytesPerConnectionMax,
                bytesInFlightMax,
                offloadBytes,
                stallSeconds,
                closeSeconds,
                clientShare);
    }

    public ServerSettings withRequestsPerConnectionMax(int requests) {
        return new ServerSettings(
                eventLoopThreads,
                blockingThreads,
                connectionsMax,
                requests,
                bytesPerConnectionMax,
                bytesInFlightMax,
                offloadBytes,
                stallSeconds,
                closeSeconds,
                clientShare);
    }

    public ServerSettings withBytesMax(long perConnection, long inFlight) {
        return new ServerSettings(
                eventLoopThreads,
                blockingThreads,
                connectionsMax,
                requestsPerConnectionMax,
                perConnection,
                inFlight,
                offloadBytes,
                stallSeconds,
                closeSeconds,
                clientShare);
    }

    public ServerSettings withOffloadBytes(int bytes) {
        return new ServerSettings(
                eventLoopThreads,
                blockingThreads,
                connectionsMax,
                requestsPerConnectionMax,
                bytesPerConnectionMax,
                bytesInFlightMax,
                bytes,
                stallSeconds,
                closeSeconds,
                clientShare);
    }

    public ServerSettings withStallSeconds(int seconds) {
        return new ServerSettings(
                eventLoopThreads,
                blockingThreads,
                connectionsMax,
                requestsPerConnectionMax,
                bytesPerConnectionMax,
                bytesInFlightMax,
                offloadBytes,
                seconds,
                closeSeconds,
                clientShare);
    }

    public ServerSettings withCloseSeconds(int seconds) {
        return new ServerSettings(
                eventLoopThreads,
                blockingThreads,
                connectionsMax,
                requestsPerConnectionMax,
                bytesPerConnectionMax,
                bytesInFlightMax,
                offloadBytes,
                stallSeconds,
                seconds,
                clientShare);
    }

    public ServerSettings withClientShare(double share) {
        return new ServerSettings(
                eventLoopThreads,
                blockingThreads,
                connectionsMax,
                requestsPerConnectionMax,
                bytesPerConnectionMax,
                bytesInFlightMax,
                offloadBytes,
                stallSeconds,
                closeSeconds,
                share);
    }

    private static void require(boolean holds, String name, long value) {
        if (!holds) {
            throw new IllegalArgumentException(name + " is out of range: " + value);
        }
    }
}
