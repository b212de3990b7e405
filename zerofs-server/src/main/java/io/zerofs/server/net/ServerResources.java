// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads and limits that all protocol servers of a daemon share. Closed after the last of them. */
public final class ServerResources implements AutoCloseable {
    private final ServerSettings settings;
    private final EventLoops loops;
    private final FileSystemExecutor waitingThreads;
    private final RequestGate gate;
    private final AtomicInteger connections = new AtomicInteger();

    public ServerResources(ServerSettings settings) {
        this.settings = settings;
        this.loops = new EventLoops(settings.eventLoopThreads());
        this.waitingThreads = new FileSystemExecutor(settings);
        this.gate = new RequestGate(settings);
    }

    public ServerSettings settings() {
        return settings;
    }

    /** Threads that may wait for the store. */
    public Executor waitingThreads() {
        return waitingThreads;
    }

    /** Bytes of requests and replies in flight over all connections. */
    public long bytesInFlight() {
        return gate.bytesInFlight();
    }

    /** Connections open now. */
    public int connections() {
        return connections.get();
    }

    EventLoops loops() {
        return loops;
    }

    RequestGate gate() {
        return gate;
    }

    /** Counts a connection in, unless there are too many. */
    boolean tryOpenConnection() {
        if (connections.incrementAndGet() > settings.connectionsMax()) {
            connections.decrementAndGet();
            return false;
        }
        return true;
    }

    void connectionClosed() {
        connections.decrementAndGet();
    }

    @Override
    public void close() {
        waitingThreads.close();
        loops.close();
    }
}
