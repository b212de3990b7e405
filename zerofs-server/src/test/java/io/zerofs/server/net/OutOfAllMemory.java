// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

/** An error whose message cannot be read either: there is no memory even for a log line or an error reply. */
public final class OutOfAllMemory extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
        throw new OutOfMemoryError("of a test");
    }

    @Override
    public String toString() {
        return "out of all memory";
    }
}
