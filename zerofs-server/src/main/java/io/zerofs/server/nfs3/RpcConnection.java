// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.net.Connection;
import io.zerofs.server.net.MessageProtocol;
import io.zerofs.server.net.Request;
import io.zerofs.server.nfs3.wire.Nfs3Limits;
import io.zerofs.server.rpc.RecordMarking;
import io.zerofs.server.rpc.RpcDispatcher;
import io.zerofs.server.rpc.RpcPeer;
import io.zerofs.server.rpc.RpcTransport;

/** Connects RPC with a socket: one record is one request. */
final class RpcConnection implements MessageProtocol {
    private final Connection connection;
    private final RpcDispatcher dispatcher;
    private RpcPeer peer;

    RpcConnection(Connection connection, RpcDispatcher dispatcher) {
        this.connection = connection;
        this.dispatcher = dispatcher;
    }

    @Override
    public int messageBytes(ByteBuf received) throws MalformedMessageException {
        return RecordMarking.recordBytes(received, Nfs3Limits.RECORD_BYTES_MAX);
    }

    @Override
    public int unknownLengthBytesMax() {
        return Nfs3Limits.RECORD_BYTES_MAX;
    }

    @Override
    public boolean keepsNothing() {
        return true;
    }

    @Override
    public void message(ByteBuf message, Request request) throws MalformedMessageException {
        if (peer == null) {
            peer = new RpcPeer(connection.remoteAddress(), connection.client());
        }
        dispatcher.dispatch(RecordMarking.content(message), new Call(request));
    }

    @Override
    public void closed(boolean inOrder) {
        if (peer != null) {
            peer.ended(inOrder);
        }
    }

    private final class Call implements RpcTransport {
        private final Request request;

        Call(Request request) {
            this.request = request;
        }

        @Override
        public RpcPeer peer() {
            return peer;
        }

        @Override
        public ByteBufAllocator allocator() {
            return connection.allocator();
        }

        @Override
        public void run(int transferBytes, int replyBytes, Runnable work) {
            request.run(transferBytes, replyBytes, work);
        }

        @Override
        public void resume(Runnable work) {
            request.resume(work);
        }

        @Override
        public void whenEnded(Runnable action) {
            request.whenEnded(action);
        }

        @Override
        public void reply(ByteBuf record) {
            request.reply(record);
        }

        @Override
        public void drop() {
            request.end();
        }
    }
}
