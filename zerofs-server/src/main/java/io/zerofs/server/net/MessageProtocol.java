// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.MalformedMessageException;

/**
 * A protocol's part of one connection. The event loop of the connection calls all methods, one at a time. They must not
 * wait.
 */
public interface MessageProtocol {
    /** Makes the protocol for a new connection. */
    @FunctionalInterface
    interface Factory {
        MessageProtocol connect(Connection connection);
    }

    /** The connection is open; for protocols in which the server speaks first. */
    default void opened() {}

    /**
     * The length of the message that begins at the reader index, its header included, or 0 when more bytes are needed to
     * tell. Leaves the buffer's indices alone. Nothing is allocated for the message before its length was checked here.
     * After it has returned a length, it is not called again before {@link #message} got that message.
     *
     * @throws MalformedMessageException if the message breaks a limit; closes the connection
     */
    int messageBytes(ByteBuf received) throws MalformedMessageException;

    /** Most bytes of a message whose first bytes do not tell its length; room for it is taken when more than a few came. */
    default int unknownLengthBytesMax() {
        return AdmissionControl.SMALL_BYTES;
    }

    /**
     * Handles a whole message: decodes it and calls {@link Request#run}, {@link Request#reply} or {@link Request#end}.
     *
     * @param message borrowed; valid until this method returned and the work that it gave to {@link Request#run} ended
     * @throws MalformedMessageException closes the connection
     */
    void message(ByteBuf message, Request request) throws MalformedMessageException;

    /**
     * Whether the client loses nothing when the connection is closed while it has no request in flight, because others
     * need room.
     */
    default boolean keepsNothing() {
        return false;
    }

    /** Whether a connection carries one request and is closed when it is older than {@link ServerSettings#stallSeconds}. */
    default boolean isOneShot() {
        return false;
    }

    /**
     * The connection has ended; replies to requests still running go nowhere.
     *
     * @param inOrder whether the client ended it, and the socket had taken the replies to all its requests
     */
    default void closed(boolean inOrder) {}
}
