// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.http;

/** Answers the requests of a server. */
@FunctionalInterface
public interface HttpHandler {
    /**
     * Returns the answer. Called on a thread that may wait. The thread is interrupted when the client has gone.
     *
     * @throws InterruptedException if the client has gone
     */
    HttpAnswer handle(HttpRequest request) throws InterruptedException;
}
