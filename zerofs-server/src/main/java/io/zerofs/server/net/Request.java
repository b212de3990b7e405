// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBuf;

/**
 * One request in flight. Exactly one of {@link #reply} and {@link #end} ends it, from any thread, also after the work
 * returned.
 */
public interface Request {
    /**
     * Runs the work: at once on the event loop, or on a waiting thread if it moves much data. When it throws {@link
     * io.zerofs.core.waiting.WouldBlockException}, which it does before it has changed anything, it is run again, whole,
     * on a waiting thread. The message stays valid until the work returned. At most one call per request.
     *
     * @param transferBytes bytes that the work moves, as far as known
     * @param replyBytes of a reply that is mostly data, else 0; the work waits until there is room for them
     * @param work must not throw anything else; it would close the connection
     */
    void run(int transferBytes, int replyBytes, Runnable work);

    /** The same for work whose reply is short. */
    default void run(int transferBytes, Runnable work) {
        run(transferBytes, 0, work);
    }

    /**
     * Runs what is left of the work after {@link #run} returned, on this thread: it answers when something else has
     * ended. What it throws closes the connection, as there.
     */
    void resume(Runnable work);

    /** Has something run once the request has ended, however it does, on whichever thread. Once, before anything else. */
    void whenEnded(Runnable action);

    /** Counts bytes of the reply against the limits when {@link #run} could not know them. */
    void charge(int replyBytes);

    /** Sends the reply, whose bytes it releases, and ends the request when the socket took it. */
    void reply(ByteBuf reply);

    /** Ends the request without a reply. */
    void end();
}
