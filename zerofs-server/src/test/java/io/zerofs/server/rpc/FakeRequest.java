// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.zerofs.server.net.Request;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** Keeps the replies to calls of one peer, as hex after their record mark. */
final class FakeRequest implements Request {
    final List<String> replies = new ArrayList<>();
    int dropped;
    Runnable whenEnded = () -> {};
    private final RpcPeer peer;

    /** @param address an IP address and a port; connections from one IP address are of one client */
    FakeRequest(String address) {
        this(address, address.split(":")[0]);
    }

    FakeRequest(String address, Object client) {
        String[] parts = address.split(":");
        this.peer = new RpcPeer(new InetSocketAddress(parts[0], Integer.parseInt(parts[1])), client);
    }

    RpcPeer peer() {
        return peer;
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
    public void charge(int replyBytes) {}

    @Override
    public void reply(ByteBuf record) {
        replies.add(ByteBufUtil.hexDump(record.skipBytes(RecordMarking.MARK_BYTES)));
        record.release();
        whenEnded.run();
    }

    @Override
    public void end() {
        dropped++;
        whenEnded.run();
    }
}
