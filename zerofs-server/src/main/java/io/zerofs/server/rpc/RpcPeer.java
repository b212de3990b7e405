// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** One connection of a client, which outlives it in what is remembered of its calls. Thread-safe. */
public final class RpcPeer {
    private static final String LOCAL = "local";
    private static final int UNPRIVILEGED_PORT = 1024;

    private final SocketAddress address;
    private final Object client;
    private final String name;
    private volatile State state = State.OPEN;

    /** Whether the connection is there, and whether the client may have missed replies when it ended. */
    private enum State {
        OPEN,
        ENDED_IN_ORDER,
        BROKEN
    }

    /** @param client the same object for all connections that are one client's */
    public RpcPeer(SocketAddress address, Object client) {
        this.address = address;
        this.client = client;
        this.name = address instanceof InetSocketAddress tcp ? tcp.getAddress().getHostAddress() : LOCAL;
    }

    /** The common state of all connections of one client. */
    Object client() {
        return client;
    }

    /** Address of the client without its port. */
    public String name() {
        return name;
    }

    /** Whether the client's port is one that only the superuser of its machine can have. */
    boolean isPrivileged() {
        return address instanceof InetSocketAddress tcp && tcp.getPort() < UNPRIVILEGED_PORT;
    }

    /** Says that the connection has ended, and whether the client did that with all its replies taken by the socket. */
    public void ended(boolean inOrder) {
        state = inOrder ? State.ENDED_IN_ORDER : State.BROKEN;
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    /**
     * Whether the other is the next connection of the client that had this one, and the client may have missed replies on
     * this one. What it sends again is answered as before. A connection that is open and has the port of the other is
     * one whose end is only not known yet.
     */
    boolean isContinuedBy(RpcPeer other) {
        return switch (state) {
            case OPEN -> address instanceof InetSocketAddress && address.equals(other.address);
            case ENDED_IN_ORDER -> false;
            case BROKEN -> name.equals(other.name);
        };
    }
}
