// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** One connection of a client. The object outlives the connection in remembered calls. Thread-safe. */
public final class RpcPeer {
    private static final String LOCAL = "local";
    private static final int UNPRIVILEGED_PORT = 1024;

    private final SocketAddress address;
    private final Object client;
    private final String name;
    private volatile State state = State.OPEN;

    /** The state of the connection, and whether the client may have missed replies when it ended. */
    private enum State {
        OPEN,
        ENDED_IN_ORDER,
        BROKEN
    }

    /** @param client the same object for all connections of one client */
    public RpcPeer(SocketAddress address, Object client) {
        this.address = address;
        this.client = client;
        this.name = address instanceof InetSocketAddress tcp ? tcp.getAddress().getHostAddress() : LOCAL;
    }

    /** Returns the common state of all connections of one client. */
    Object client() {
        return client;
    }

    /** Returns the address of the client without its port. */
    public String name() {
        return name;
    }

    /** Returns whether only the superuser of the client's machine can use the client's port. */
    boolean isPrivileged() {
        return address instanceof InetSocketAddress tcp && tcp.getPort() < UNPRIVILEGED_PORT;
    }

    /**
     * Records the end of the connection.
     *
     * @param inOrder whether the client ended it after the socket had taken all its replies
     */
    void ended(boolean inOrder) {
        state = inOrder ? State.ENDED_IN_ORDER : State.BROKEN;
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    boolean hasEndedInOrder() {
        return state == State.ENDED_IN_ORDER;
    }

    /**
     * Returns whether the other connection is the next one of the client of this one, and the client may have missed
     * replies here. If so, a retransmission gets the earlier reply. If this connection counts as open, but the other
     * has its port, the end of this one is just not known yet.
     */
    boolean isContinuedBy(RpcPeer other) {
        return switch (state) {
            case OPEN -> address instanceof InetSocketAddress && address.equals(other.address);
            case ENDED_IN_ORDER -> false;
            case BROKEN -> name.equals(other.name);
        };
    }
}
