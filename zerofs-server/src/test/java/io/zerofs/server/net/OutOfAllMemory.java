// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

/** Goes wrong once more when it is told: not even a log line or an error reply can be allocated. */
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
