// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** Carries the reply to one call, and knows where the work for it may run. */
public interface RpcTransport {
    /** The connection by which the call came. */
    RpcPeer peer();

    ByteBufAllocator allocator();

    /** Runs the work where it may run; see {@link RpcExchange#run}. */
    void run(int transferBytes, int replyBytes, Runnable work);

    /** Runs what is left of the work; see {@link RpcExchange#resume}. */
    void resume(Runnable work);

    /** Has something run once the call has ended, however it does, on whichever thread. Once, before anything else. */
    void whenEnded(Runnable action);

    /** Sends the one reply, with its record mark; from any thread. Releases it. */
    void reply(ByteBuf record);

    /** Ends the call without a reply. */
    void drop();
}
