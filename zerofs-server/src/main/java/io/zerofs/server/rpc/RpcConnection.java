// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.net.Connection;
import io.zerofs.server.net.MessageProtocol;
import io.zerofs.server.net.Request;

/** Connects RPC with a socket: one record is one request. */
public final class RpcConnection implements MessageProtocol {
    private final Connection connection;
    private final RpcDispatcher dispatcher;
    private final int recordBytesMax;
    private RpcPeer peer;

    /** @param recordBytesMax maximum bytes of a record that the programs accept */
    public RpcConnection(Connection connection, RpcDispatcher dispatcher, int recordBytesMax) {
        this.connection = connection;
        this.dispatcher = dispatcher;
        this.recordBytesMax = recordBytesMax;
    }

    @Override
    public int messageBytes(ByteBuf received) throws MalformedMessageException {
        return RecordMarking.recordBytes(received, recordBytesMax);
    }

    @Override
    public int unknownLengthBytesMax() {
        return recordBytesMax;
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
        dispatcher.dispatch(RecordMarking.content(message), peer, request, connection.allocator());
    }

    @Override
    public void closed(boolean inOrder) {
        if (peer != null) {
            dispatcher.ended(peer, inOrder);
        }
    }
}
