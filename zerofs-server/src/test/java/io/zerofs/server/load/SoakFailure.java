// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

/** The server does what it must not do: other bytes, other names, a lost change, a request that fails. */
public final class SoakFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    SoakFailure(String message) {
        super(message);
    }

    SoakFailure(String message, Throwable cause) {
        super(message + ": " + cause, cause);
    }
}
