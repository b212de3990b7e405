// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Histogram;
import io.zerofs.core.trace.Trace;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Threads and limits that all protocol servers of a daemon share. Closed after the last of them. */
public final class ServerResources implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServerResources.class);

    private static final int PAGE_BYTES = 8 << 10;
    // Chunks of 16 MiB, so that transfers of 1 MiB with their headers fit into them.
    private static final int CHUNK_ORDER = 11;
    // Chunks of 1 MiB for servers whose connections may hold no more.
    private static final int SMALL_CHUNK_ORDER = 7;
    private static final int CACHED_SMALL = 256;
    private static final int CACHED_NORMAL = 64;

    /**
     * Seconds after which the daemon drops a TCP client that does not answer. Most servers with leases wait as long for
     * their clients.
     */
    public static final int VANISHED_SECONDS = 60;

    private static final double[] LATENCY_BOUNDS_SECONDS = {1e-4, 3e-4, 1e-3, 3e-3, .01, .03, .1, .3, 1, 10, 60};

    private final ServerSettings settings;
    private final int vanishedSeconds;
    private final ByteBufAllocator allocator;
    private final EventLoops loops;
    private final FileSystemExecutor blockingExecutor;
    private final AdmissionControl admission;
    private final Clients clients = new Clients();
    private final Shares connections;
    private final Door door;
    private final Set<MessageHandler> handlers = ConcurrentHashMap.newKeySet();
    private final AtomicInteger openToAll = new AtomicInteger();
    private final Histogram requests = Histogram.builder()
            .name("zerofs_server_request_seconds")
            .help("Time from a request to its reply.")
            .labelNames("protocol")
            .classicOnly()
            .classicUpperBounds(LATENCY_BOUNDS_SECONDS)
            .withoutExemplars()
            .build();
    private final Trace<FileOperation> operations = new Trace<>();
    private final LimitedLog closed = new LimitedLog(LOG, Level.INFO, "connections closed");
    private final LimitedLog unexpected = new LimitedLog(LOG, Level.ERROR, "unexpected errors");

    /** Makes resources that drop unreachable TCP clients after {@link #VANISHED_SECONDS}. */
    public ServerResources(ServerSettings settings) {
        this(settings, VANISHED_SECONDS);
    }

    /** @param vanishedSeconds seconds after which the connection of an unreachable TCP client ends */
    public ServerResources(ServerSettings settings, int vanishedSeconds) {
        this.settings = settings;
        this.vanishedSeconds = vanishedSeconds;
        // Netty's default takes each buffer for a large transfer from the system, which zeroes it every time.
        boolean small = settings.limits().bytesPerConnectionMax() <= PAGE_BYTES << SMALL_CHUNK_ORDER;
        this.allocator = new PooledByteBufAllocator(
                true,
                0,
                settings.threads().eventLoops(),
                PAGE_BYTES,
                small ? SMALL_CHUNK_ORDER : CHUNK_ORDER,
                CACHED_SMALL,
                CACHED_NORMAL,
                false);
        this.loops = new EventLoops(settings.threads().eventLoops());
        this.blockingExecutor = new FileSystemExecutor(settings);
        this.admission = new AdmissionControl(settings);
        this.connections =
                new Shares(ClientResource.CONNECTIONS, settings.limits().connectionsMax(), settings.clientShare());
        this.door = new Door(settings.limits().connectionsMax());
    }

    public ServerSettings settings() {
        return settings;
    }

    int vanishedSeconds() {
        return vanishedSeconds;
    }

    /** Returns the threads that may wait for the store. */
    FileSystemExecutor blockingExecutor() {
        return blockingExecutor;
    }

    /** Returns the bytes of requests and replies in flight over all connections. */
    public long bytesInFlight() {
        return admission.bytesInFlight();
    }

    /** Returns the number of open connections. */
    public int connections() {
        return (int) connections.used();
    }

    /** Returns the requests of each protocol that has had a connection, by latency: from the whole message to its reply. */
    public Histogram requests() {
        return requests;
    }

    /** Returns the log of connections that the daemon closed because of their clients. */
    LimitedLog closed() {
        return closed;
    }

    /** Returns the log of the daemon's bugs, which a client may know how to cause. */
    LimitedLog unexpected() {
        return unexpected;
    }

    /** Returns the trace of clients' operations. */
    public Trace<FileOperation> operations() {
        return operations;
    }

    /** Returns the clients that have connections, by protocol and address. */
    public List<ClientState> clientStates() {
        Map<Client, List<MessageHandler>> byClient =
                handlers.stream().collect(Collectors.groupingBy(MessageHandler::client));
        List<ClientState> states = new ArrayList<>();
        byClient.forEach((client, connections) -> states.add(client.state(
                connections.get(0).peer(),
                connections.stream()
                        .flatMap(each -> each.device().stream())
                        .sorted()
                        .toList())));
        states.sort(Comparator.comparing(ClientState::protocol).thenComparing(ClientState::address));
        return states;
    }

    /** Returns how often each protocol refused each resource because a client's share or all of it was used up. */
    public Map<String, Map<ClientResource, Long>> refused() {
        return clients.refused();
    }

    /** Returns the number of addresses that other machines reach and that refuse none of them. */
    public int openToAll() {
        return openToAll.get();
    }

    void listensForAll() {
        openToAll.incrementAndGet();
    }

    /** Returns the meter of a protocol's requests, in seconds. */
    DistributionDataPoint meter(String protocol) {
        return requests.labelValues(protocol);
    }

    /** Returns the allocator for requests and replies, all of them in direct memory. */
    ByteBufAllocator allocator() {
        return allocator;
    }

    EventLoops loops() {
        return loops;
    }

    AdmissionControl admission() {
        return admission;
    }

    Door door() {
        return door;
    }

    Clients clients() {
        return clients;
    }

    /**
     * Counts a new connection. If a limit refuses it, an idle connection makes way: one of the same client or of
     * the same protocol if that has its share, else one of any client. Returns false if none is idle.
     */
    boolean tryOpenConnection(Client client) {
        while (true) {
            Shares.Limit limit = connections.take(client, 1);
            if (limit == Shares.Limit.NONE) {
                return true;
            }
            Optional<MessageHandler> idle = handlers.stream()
                    .filter(each -> each.idleness().isIdle() && isInTheWay(limit, each.client(), client))
                    .min(Comparator.comparingLong(each -> each.idleness().sinceNanos()));
            if (idle.isEmpty()) {
                client.refuse(ClientResource.CONNECTIONS);
                return false;
            }
            connectionClosed(idle.get());
            idle.get().makeWay();
        }
    }

    private static boolean isInTheWay(Shares.Limit limit, Client has, Client wants) {
        return switch (limit) {
            case NONE -> false;
            case CLIENT -> has == wants;
            case PROTOCOL -> has.protocol() == wants.protocol();
            case ALL -> true;
        };
    }

    void connectionOpened(MessageHandler connection) {
        handlers.add(connection);
    }

    /** Stops counting a connection, once. */
    void connectionClosed(MessageHandler connection) {
        if (handlers.remove(connection)) {
            connections.give(connection.client(), 1);
        }
    }

    @Override
    public void close() {
        blockingExecutor.close();
        loops.close();
    }
}
