// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.nio.NioChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Each kind of event loop sets the socket options by which the system finds vanished clients. */
class VanishedClientTest {
    @Test
    @EnabledOnOs(OS.LINUX)
    void systemEndsAConnectionThatConfirmsNothingForAMinute() throws Exception {
        assertEquals(true, Epoll.isAvailable(), "the tests bring it along");
        withAcceptedChannel(true, 60, channel -> {
            assertEquals(true, channel.config().getOption(ChannelOption.SO_KEEPALIVE));
            assertEquals(30, channel.config().getOption(EpollChannelOption.TCP_KEEPIDLE));
            assertEquals(10, channel.config().getOption(EpollChannelOption.TCP_KEEPINTVL));
            assertEquals(3, channel.config().getOption(EpollChannelOption.TCP_KEEPCNT));
            assertEquals(60_000, channel.config().getOption(EpollChannelOption.TCP_USER_TIMEOUT));
        });
    }

    @Test
    void withoutEpollTheSystemAsksQuietClients() throws Exception {
        withAcceptedChannel(false, 60, channel -> {
            assertEquals(true, channel.config().getOption(ChannelOption.SO_KEEPALIVE));
            assertEquals(30, channel.config().getOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE)));
            assertEquals(10, channel.config().getOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL)));
            assertEquals(3, channel.config().getOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT)));
        });
    }

    private static void withAcceptedChannel(boolean epoll, int seconds, Consumer<Channel> check) throws Exception {
        CompletableFuture<Channel> accepted = new CompletableFuture<>();
        try (EventLoops loops = new EventLoops(1, epoll)) {
            ListenAddress address = ListenAddress.tcp("127.0.0.1:0");
            ServerBootstrap bootstrap = new ServerBootstrap()
                    .group(loops.group())
                    .channelFactory(loops.serverChannel(address))
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            accepted.complete(channel);
                        }
                    });
            loops.endVanished(bootstrap, seconds);
            Channel listener =
                    bootstrap.bind(loops.socketAddress(address)).sync().channel();
            int port = ((InetSocketAddress) listener.localAddress()).getPort();
            try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
                check.accept(accepted.get(1, TimeUnit.MINUTES));
            }
            listener.close().sync();
        }
    }
}
