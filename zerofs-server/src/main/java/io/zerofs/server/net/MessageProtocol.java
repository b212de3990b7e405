// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.MalformedMessageException;
import java.util.Optional;

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

    /** Called when the connection is open, for protocols in which the server speaks first. */
    default void opened() {}

    /**
     * Returns the length of the message that begins at the reader index, including its header; 0 if its length needs more
     * bytes. Leaves the buffer's indices alone. Until it returns a length, the daemon allocates at most {@link
     * #unknownLengthBytesMax} for the message. After that it is not called again before {@link #message} got the message.
     *
     * @throws MalformedMessageException if the message breaks a limit; closes the connection
     */
    int messageBytes(ByteBuf received) throws MalformedMessageException;

    /**
     * Returns the maximum bytes of a message whose first bytes do not contain its length. The daemon
     * admits and allocates them once more than a small message has arrived.
     */
    default int unknownLengthBytesMax() {
        return AdmissionControl.SMALL_BYTES;
    }

    /**
     * Handles a whole message: decodes it and calls {@link Request#run}, {@link Request#reply} or {@link Request#end}.
     *
     * @param message borrowed; valid until this method returned and the work passed to {@link Request#run} ended
     * @throws MalformedMessageException closes the connection
     */
    void message(ByteBuf message, Request request) throws MalformedMessageException;

    /**
     * Returns whether the client loses nothing if the daemon closes the connection while no request is in flight. The
     * daemon does this if other clients need room.
     */
    default boolean keepsNothing() {
        return false;
    }

    /**
     * Returns whether a connection carries only one request. The daemon closes it when it is older than {@link
     * ServerSettings#stallSeconds}.
     */
    default boolean isOneShot() {
        return false;
    }

    /** Returns the name of the block device that the connection uses. Any thread may call it. */
    default Optional<String> device() {
        return Optional.empty();
    }

    /**
     * Called when the connection has ended. Replies to requests that still run are dropped.
     *
     * @param inOrder whether the client or {@link Connection#finish} ended the connection, and the socket had taken the
     *     replies to all its requests
     */
    default void closed(boolean inOrder) {}
}
