// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;

/** One version of an RPC program. Thread-safe. */
public interface RpcProgram {
    int number();

    int version();

    /** Returns whether the program has a procedure of this number. */
    boolean hasProcedure(int procedure);

    /** Returns whether a retransmission of this procedure must get the first reply instead of running again. */
    boolean isCached(int procedure);

    /**
     * Decodes the arguments and runs the call; ends the exchange once, now or later.
     *
     * @param arguments borrowed, valid until this method has returned and the work of {@link RpcExchange#run} has ended
     * @throws MalformedMessageException if the reply must be GARBAGE_ARGS; the program has not used the exchange
     */
    void call(RpcCall call, XdrReader arguments, RpcExchange exchange) throws MalformedMessageException;
}
