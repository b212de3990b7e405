// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;

/** One version of an RPC program. Thread-safe. */
public interface RpcProgram {
    int number();

    int version();

    /** Whether it has a procedure of this number. */
    boolean hasProcedure(int procedure);

    /** Whether a retransmission of this procedure must be answered with the first reply instead of being run again. */
    boolean isCached(int procedure);

    /**
     * Decodes the arguments and carries the call out; ends the exchange once, now or later.
     *
     * @param arguments borrowed, valid until the method returned and the work that was given to {@link
     *     RpcExchange#run} ended
     * @throws MalformedMessageException to be answered with GARBAGE_ARGS; the exchange has not been used
     */
    void call(RpcCall call, XdrReader arguments, RpcExchange exchange) throws MalformedMessageException;
}
