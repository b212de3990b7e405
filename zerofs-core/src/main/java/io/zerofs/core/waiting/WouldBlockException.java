// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.waiting;

/** Reports that an operation, which has not begun, must run on a thread that may wait. */
public final class WouldBlockException extends RuntimeException {
    static final WouldBlockException INSTANCE = new WouldBlockException();

    private WouldBlockException() {
        super("the operation would wait on a thread that must not", null, false, false);
    }
}
