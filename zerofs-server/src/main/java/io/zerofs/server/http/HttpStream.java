// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.http;

/** The body of an answer that is made while the client reads it, and that ends with the connection. */
@FunctionalInterface
public interface HttpStream {
    /** Takes the body piece by piece. */
    interface Sink {
        /** Waits until the client took the piece before it, and sends a piece. */
        void write(String piece) throws InterruptedException;
    }

    /**
     * Writes the body. Called on a thread that may wait.
     *
     * @throws InterruptedException when the client has gone or the server stops
     */
    void writeTo(Sink sink) throws InterruptedException;
}
