// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

/** The client whose request this thread carries out. Only a trace asks, so threads note it only while one runs. */
public final class Origin {
    private static final ThreadLocal<MessageHandler> CURRENT = new ThreadLocal<>();

    private Origin() {}

    /** Returns protocol and address of the client; empty if there is none, or if the request is older than the trace. */
    public static String current() {
        MessageHandler connection = CURRENT.get();
        return connection == null ? "" : connection.origin();
    }

    static void run(MessageHandler connection, Runnable work) {
        CURRENT.set(connection);
        try {
            work.run();
        } finally {
            CURRENT.remove();
        }
    }
}
