// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Listens on any number of addresses for one protocol. Thread-safe. The caller that opened it closes it. */
public final class ProtocolServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProtocolServer.class);
    private static final int BACKLOG = 1_024;

    private final String name;
    private final ServerResources resources;
    private final MessageProtocol.Factory factory;
    private final List<Channel> listeners = new ArrayList<>();
    private final List<ListenAddress> addresses = new ArrayList<>();
    private final List<SocketFile> socketFiles = new ArrayList<>();
    private final LimitedLog refused = new LimitedLog(LOG, Level.WARN, "connections refused");
    private final Map<Channel, MessageHandler> connections = new ConcurrentHashMap<>();
    private volatile boolean closing;

    private ProtocolServer(String name, ServerResources resources, MessageProtocol.Factory factory) {
        this.name = name;
        this.resources = resources;
        this.factory = factory;
    }

    /**
     * Listens on all addresses or on none.
     *
     * @param name name of the protocol, for messages
     * @throws ListenException if an address is not available; names it
     */
    public static ProtocolServer open(
            String name, List<ListenAddress> addresses, ServerResources resources, MessageProtocol.Factory factory)
            throws ListenException {
        ProtocolServer server = new ProtocolServer(name, resources, factory);
        resources.clients().serve(name);
        try {
            for (ListenAddress address : addresses) {
                server.listen(address);
            }
        } catch (ListenException e) {
            server.close();
            throw e;
        }
        return server;
    }

    /** Returns the addresses it listens on, with the ports that the system chose. */
    public List<ListenAddress> addresses() {
        return List.copyOf(addresses);
    }

    /** Returns the port of the first TCP address, for tests and callers that listen on one. */
    public int port() {
        for (ListenAddress address : addresses) {
            if (address instanceof ListenAddress.Tcp tcp) {
                return tcp.address().getPort();
            }
        }
        throw new IllegalStateException(name + " does not listen on TCP");
    }

    private void listen(ListenAddress address) throws ListenException {
        EventLoops loops = resources.loops();
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops.group())
                .channelFactory(loops.serverChannel(address))
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.ALLOCATOR, resources.allocator())
                .handler(resources.door().handler())
                .childHandler(new Accepting(address));
        if (address instanceof ListenAddress.Tcp) {
            bootstrap.option(ChannelOption.SO_REUSEADDR, true).childOption(ChannelOption.TCP_NODELAY, true);
            loops.endVanished(bootstrap, resources.vanishedSeconds());
        }
        ListenAddress binding = address;
        if (address instanceof ListenAddress.UnixSocket unix) {
            SocketFile.removeStale(name, address);
            binding = ListenAddress.unix(SocketFile.temporary(unix.path()));
        }
        ChannelFuture bound = bootstrap.bind(loops.socketAddress(binding)).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new ListenException(name, address, reason(bound.cause()), bound.cause());
        }
        listeners.add(bound.channel());
        if (address instanceof ListenAddress.Tcp tcp) {
            InetSocketAddress chosen = (InetSocketAddress) bound.channel().localAddress();
            addresses.add(new ListenAddress.Tcp(chosen, tcp.allowed()));
            if (tcp.isOpenToAll()) {
                resources.listensForAll();
                LOG.warn(
                        "{} listens on {} for every machine that reaches it, which may claim to be any user: "
                                + "set `allow` to the addresses of its clients",
                        name,
                        ListenAddress.format(chosen));
            }
        } else {
            Path temporary = ((ListenAddress.UnixSocket) binding).path();
            socketFiles.add(SocketFile.publish(name, (ListenAddress.UnixSocket) address, temporary));
            addresses.add(address);
        }
        LOG.info("{} listens on {}", name, addresses.get(addresses.size() - 1));
    }

    private static String reason(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        return message.contains("in use") ? "the address is in use by another program" : message;
    }

    /**
     * Stops accepting, waits at most the configured time for requests in flight, and then closes the remaining
     * connections. Do not call it on an event loop.
     */
    @Override
    public void close() {
        closing = true;
        for (Channel listener : listeners) {
            listener.close().awaitUninterruptibly();
        }
        socketFiles.forEach(SocketFile::remove);
        socketFiles.clear();
        connections.values().forEach(MessageHandler::finish);
        long deadline = System.nanoTime()
                + TimeUnit.SECONDS.toNanos(resources.settings().closeSeconds());
        connections.forEach((connection, handler) -> {
            if (!connection.closeFuture().awaitUninterruptibly(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                LOG.warn("{}: requests still in flight when it was closed", handler);
                connection.close().awaitUninterruptibly();
            }
        });
        listeners.clear();
    }

    /** Gives each accepted connection its protocol. */
    private final class Accepting extends ChannelInitializer<Channel> {
        private final ListenAddress address;

        Accepting(ListenAddress address) {
            this.address = address;
        }

        @Override
        protected void initChannel(Channel channel) throws IOException {
            if (address instanceof ListenAddress.Tcp tcp
                    && channel.remoteAddress() instanceof InetSocketAddress peer
                    && !tcp.allows(peer.getAddress())) {
                refused.line(
                        "{}: {} was refused: `allow` does not name it",
                        name,
                        peer.getAddress().getHostAddress());
                channel.close();
                return;
            }
            Client client = resources.clients().arrived(name, channel.remoteAddress());
            channel.closeFuture().addListener(done -> resources.clients().left(client));
            if (closing || !resources.tryOpenConnection(client)) {
                LOG.debug("{}: a connection was refused: {} are open", name, resources.connections());
                channel.close();
                return;
            }
            MessageHandler handler = new MessageHandler(name, resources, client, factory);
            channel.pipeline().addLast(handler);
            // Only now: from here on it may have to make way, for which it needs its channel.
            resources.connectionOpened(handler);
            channel.closeFuture().addListener(done -> {
                connections.remove(channel);
                resources.connectionClosed(handler);
            });
            // Only now: from here on close() may call its finish(), for which it needs its channel, too.
            connections.put(channel, handler);
            if (closing) {
                channel.close();
            }
        }
    }
}
