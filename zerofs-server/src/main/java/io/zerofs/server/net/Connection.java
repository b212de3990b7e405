// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.net.SocketAddress;
import java.util.concurrent.Executor;

/** One client's connection, as its protocol sees it. Thread-safe. */
public interface Connection {
    ByteBufAllocator allocator();

    /** Returns the address of the peer. For a unix socket the system chooses it. */
    SocketAddress remoteAddress();

    /** Returns the user at the other end of a unix socket; null over TCP and if the system does not report it. */
    default PeerUser peerUser() {
        return null;
    }

    /** Returns the server and the peer, for logs. */
    @Override
    String toString();

    /** Returns the client of the connection. */
    Client client();

    /** Returns the threads that may wait for the store. */
    Executor blockingExecutor();

    /** Runs work later on the event loop of this connection, or never if the event loop has ended. */
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
     * Cuts no further message until {@link #resume}, for steps of a handshake that change how the next message is read.
     * Call it on the event loop.
     */
    void pause();

    void resume();

    /**
     * Encrypts the connection after the bytes sent so far, and ends a pause. If the client has sent further bytes without
     * encryption, closes the connection.
     */
    default void startTls(TlsServer tls) {
        throw new UnsupportedOperationException("no TLS here");
    }

    /** Takes no more requests, and ends the connection in good order after the replies to requests in flight. */
    void finish();

    /** Ends the connection after the replies so far; logs the reason at info. */
    void close(String reason);
}
