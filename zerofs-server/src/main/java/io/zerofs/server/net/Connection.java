// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.net.SocketAddress;
import java.util.concurrent.Executor;

/** One client's connection, as its protocol sees it. Thread-safe. */
public interface Connection {
    ByteBufAllocator allocator();

    /** The peer; for a unix socket whatever the system calls it. */
    SocketAddress remoteAddress();

    /** Returns the user at the other end of a unix socket; null over TCP and if the system does not report it. */
    default PeerUser peerUser() {
        return null;
    }

    /** For logs: the server and the peer. */
    @Override
    String toString();

    /** Returns the client of the connection. */
    Client client();

    /** Threads that may wait for the store. */
    Executor blockingExecutor();

    /** Runs later on the event loop of this connection; not at all if it is gone. */
    void onEventLoop(Runnable work);

    /** Sends bytes that end no request, such as a greeting. Releases them. */
    default void send(ByteBuf bytes) {
        send(bytes, () -> {});
    }

    /**
     * Sends bytes that end no request, such as the first part of a long reply. Releases them.
     *
     * @param sent runs on the event loop when the socket took the bytes, or will never take them
     */
    void send(ByteBuf bytes, Runnable sent);

    /**
     * Cuts no further message until {@link #resume}; for steps of a handshake that change how the next one is read. Call
     * it on the event loop.
     */
    void pause();

    void resume();

    /** Goes on encrypted after what was sent so far; ends a pause. What the client sent unencrypted ends the connection. */
    default void startTls(TlsServer tls) {
        throw new UnsupportedOperationException("no TLS here");
    }

    /** Takes no more requests, and ends the connection in good order when those in flight have been answered. */
    void finish();

    /** Ends the connection after the replies so far; logs the reason at info. */
    void close(String reason);
}
