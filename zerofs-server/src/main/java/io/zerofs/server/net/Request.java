// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;

/**
 * One request in flight. Exactly one of {@link #reply} and {@link #end} ends it, from any thread, also after the work
 * returned.
 */
public interface Request {
    /**
     * Runs the work: at once on the event loop, or on a waiting thread if it moves much data. On the event loop the work may
     * throw {@link io.zerofs.core.waiting.WouldBlockException} before it has changed anything. Then a waiting thread runs
     * all of it again. The message stays valid until the work returned. Call it at most once per request.
     *
     * @param transferBytes bytes that the work moves, as far as known
     * @param replyBytes bytes of a reply that is mostly data, else 0; the work waits until there is room for them
     * @param work any other exception of it closes the connection
     */
    void run(int transferBytes, int replyBytes, Runnable work);

    /** Runs work whose reply is short. */
    default void run(int transferBytes, Runnable work) {
        run(transferBytes, 0, work);
    }

    /**
     * Runs the rest of the work on this thread after {@link #run} returned, for a reply that waited for an event such as a
     * barrier. Any exception of the work closes the connection.
     */
    void resume(Runnable work);

    /** Sets an action for the end of the request, on any thread. Call it at most once, before the other methods. */
    void whenEnded(Runnable action);

    /** Counts bytes of the reply against the limits when {@link #run} could not know them. */
    void charge(int replyBytes);

    /** Sends the reply and releases its bytes. The request ends when the socket took the reply or never will. */
    void reply(ByteBuf reply);

    /** Ends the request without a reply. */
    void end();
}
