// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.zerofs.core.waiting.NonBlockingThread;
import java.net.Inet4Address;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.spi.SelectorProvider;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.net.ExtendedSocketOptions;

/** The threads that serve sockets: epoll where it is available, else NIO. They never wait for the store. */
final class EventLoops implements AutoCloseable {
    private static final long CLOSE_SECONDS_MAX = 5;

    /** Number of probes to a quiet client before its connection ends. */
    private static final int PROBES = 3;

    private static final int MILLIS_PER_SECOND = 1_000;

    private final boolean epoll;
    private final EventLoopGroup group;

    EventLoops(int threads) {
        this(threads, Epoll.isAvailable());
    }

    EventLoops(int threads, boolean epoll) {
        this.epoll = epoll;
        AtomicInteger number = new AtomicInteger();
        IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        ThreadFactory factory = work -> new EventLoopThread(work, "zerofs-loop-" + number.incrementAndGet());
        this.group = new MultiThreadIoEventLoopGroup(threads, factory, io);
    }

    EventLoopGroup group() {
        return group;
    }

    /**
     * Returns the kind of listening socket for an address. An IPv4 address has an IPv4 socket: on an IPv6 socket 0.0.0.0
     * would mean all addresses of both.
     */
    ChannelFactory<ServerChannel> serverChannel(ListenAddress address) {
        if (address instanceof ListenAddress.Tcp tcp) {
            SocketProtocolFamily family = tcp.address().getAddress() instanceof Inet4Address
                    ? SocketProtocolFamily.INET
                    : SocketProtocolFamily.INET6;
            return epoll
                    ? () -> new EpollServerSocketChannel(family)
                    : () -> new NioServerSocketChannel(SelectorProvider.provider(), family);
        }
        return epoll ? EpollServerDomainSocketChannel::new : NioServerDomainSocketChannel::new;
    }

    /**
     * Makes the system end connections of vanished clients: it probes quiet clients, and waits for this many seconds for
     * one that confirms nothing. Without epoll (macOS) only {@link StallDetector} finds a client that owes the
     * confirmation of bytes.
     */
    void endVanished(ServerBootstrap bootstrap, int seconds) {
        int pause = Math.max(1, seconds / 6);
        int idle = Math.max(1, seconds - PROBES * pause);
        bootstrap.childOption(ChannelOption.SO_KEEPALIVE, true);
        if (epoll) {
            bootstrap
                    .childOption(EpollChannelOption.TCP_KEEPIDLE, idle)
                    .childOption(EpollChannelOption.TCP_KEEPINTVL, pause)
                    .childOption(EpollChannelOption.TCP_KEEPCNT, PROBES)
                    .childOption(EpollChannelOption.TCP_USER_TIMEOUT, Math.multiplyExact(seconds, MILLIS_PER_SECOND));
        } else {
            bootstrap
                    .childOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE), idle)
                    .childOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL), pause)
                    .childOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT), PROBES);
        }
    }

    SocketAddress socketAddress(ListenAddress address) {
        if (address instanceof ListenAddress.Tcp tcp) {
            return tcp.address();
        }
        String path = ((ListenAddress.UnixSocket) address).path().toString();
        return epoll ? new DomainSocketAddress(path) : UnixDomainSocketAddress.of(path);
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, CLOSE_SECONDS_MAX, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /** A thread that serves many connections; see {@link NonBlockingThread}. */
    private static final class EventLoopThread extends FastThreadLocalThread implements NonBlockingThread {
        EventLoopThread(Runnable work, String name) {
            super(work, name);
        }
    }
}
