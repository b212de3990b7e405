// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.HashSet;
import java.util.Set;

/**
 * Bounds the open sockets of clients, including sockets that the daemon is about to refuse or close. Each takes a file
 * descriptor that the store may need. Further clients wait in the system's queues until a socket is closed. Thread-safe.
 */
final class Door {
    /** Maximum number of open sockets beyond the maximum of served connections. */
    static final int WAITING_MAX = 16;

    private final int openMax;
    private final Set<Channel> listeners = new HashSet<>();
    private int open;

    Door(int connectionsMax) {
        this.openMax = connectionsMax + WAITING_MAX;
    }

    /** Makes the handler of a listener, which sees each connection before all other handlers do. */
    ChannelInboundHandlerAdapter handler() {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void channelActive(ChannelHandlerContext context) {
                listens(context.channel());
                context.fireChannelActive();
            }

            @Override
            public void channelRead(ChannelHandlerContext context, Object accepted) {
                ((Channel) accepted).closeFuture().addListener(done -> left());
                entered();
                context.fireChannelRead(accepted);
            }

            @Override
            public void channelInactive(ChannelHandlerContext context) {
                ends(context.channel());
                context.fireChannelInactive();
            }
        };
    }

    /** Returns the number of open sockets of clients, including sockets that are about to be closed. */
    synchronized int open() {
        return open;
    }

    private synchronized void listens(Channel listener) {
        listeners.add(listener);
    }

    private synchronized void ends(Channel listener) {
        listeners.remove(listener);
    }

    private synchronized void entered() {
        open++;
        if (open >= openMax) {
            listeners.forEach(each -> each.config().setAutoRead(false));
        }
    }

    private synchronized void left() {
        open--;
        if (open == openMax - 1) {
            listeners.forEach(each -> each.config().setAutoRead(true));
        }
    }
}
