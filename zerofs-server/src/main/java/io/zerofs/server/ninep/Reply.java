// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.server.ninep.wire.Rmessage;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/** The result of an operation. */
sealed interface Reply {
    /** The operation is done. */
    record Now(Rmessage message) implements Reply {}

    /**
     * The operation waits without a thread.
     *
     * @param message completes on any thread
     * @param cancel tries to undo the request as if it had never been sent; returns false if that is too late or impossible
     */
    record Later(CompletableFuture<Rmessage> message, BooleanSupplier cancel) implements Reply {}

    static Reply now(Rmessage message) {
        return new Now(message);
    }
}
