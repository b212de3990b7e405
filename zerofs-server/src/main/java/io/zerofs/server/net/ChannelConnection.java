// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.Executor;

/** The constants of an open connection: its channel, its client, its peer, and the name of its server. */
abstract class ChannelConnection extends ChannelInboundHandlerAdapter implements Connection {
    final ServerResources resources;
    final Client client;
    ChannelHandlerContext context;
    private final String server;
    private volatile PeerUser peerUser;

    ChannelConnection(String server, ServerResources resources, Client client) {
        this.server = server;
        this.resources = resources;
        this.client = client;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws IOException {
        context = added;
        peerUser = PeerUser.of(added.channel());
    }

    @Override
    public ByteBufAllocator allocator() {
        return context.alloc();
    }

    @Override
    public SocketAddress remoteAddress() {
        return context.channel().remoteAddress();
    }

    @Override
    public PeerUser peerUser() {
        return peerUser;
    }

    @Override
    public Client client() {
        return client;
    }

    @Override
    public Executor blockingExecutor() {
        return work -> resources.blockingExecutor().execute(client, work);
    }

    /** Returns the address of the peer, or the user at the other end of a unix socket. */
    String peer() {
        SocketAddress peer = context == null ? null : context.channel().remoteAddress();
        if (peer instanceof InetSocketAddress tcp) {
            return ListenAddress.format(tcp);
        }
        return peerUser == null ? "unix socket" : "unix socket, user " + peerUser.uid();
    }

    @Override
    public String toString() {
        SocketAddress peer = context == null ? null : context.channel().remoteAddress();
        return server + " " + (peer instanceof InetSocketAddress tcp ? ListenAddress.format(tcp) : "local client");
    }
}
