// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;

/** Keeps the replies, as hex behind their record mark. */
final class FakeTransport implements RpcTransport {
    final List<String> replies = new ArrayList<>();
    int dropped;
    Runnable whenEnded = () -> {};
    private final String client;

    FakeTransport(String client) {
        this.client = client;
    }

    @Override
    public String clientName() {
        return client;
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
    public void goOn(Runnable work) {
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
