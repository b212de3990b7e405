// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** Keeps the replies, as hex behind their record mark. */
final class FakeTransport implements RpcTransport {
    final List<String> replies = new ArrayList<>();
    int dropped;
    Runnable whenEnded = () -> {};
    private final RpcPeer peer;

    /** @param address an IP address and a port */
    FakeTransport(String address) {
        String[] parts = address.split(":");
        this.peer = new RpcPeer(new InetSocketAddress(parts[0], Integer.parseInt(parts[1])), parts[0]);
    }

    @Override
    public RpcPeer peer() {
        return peer;
    }

    @Override
    public ByteBufAllocator allocator() {
        return UnpooledByteBufAllocator.DEFAULT;
    }

    @Override
    public void run(int transferBytes, int replyBytes, Runnable work) {
        work.run();
    }

    @Override
    public void resume(Runnable work) {
        work.run();
    }

    @Override
    public void whenEnded(Runnable action) {
        whenEnded = action;
    }

    @Override
    public void reply(ByteBuf record) {
        replies.add(ByteBufUtil.hexDump(record.skipBytes(RecordMarking.MARK_BYTES)));
        record.release();
        whenEnded.run();
    }

    @Override
    public void drop() {
        dropped++;
        whenEnded.run();
    }
}
