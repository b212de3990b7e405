// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import static io.zerofs.server.net.Conditions.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoorTest {
    private final Door door = new Door(2);
    private final EmbeddedChannel first = listener();
    private final EmbeddedChannel second = listener();
    private final Deque<EmbeddedChannel> open = new ArrayDeque<>();

    /** Keeps what was accepted. */
    private EmbeddedChannel listener() {
        return new EmbeddedChannel(door.handler(), new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object accepted) {
                open.add((EmbeddedChannel) accepted);
            }
        });
    }

    private static void accept(EmbeddedChannel listener) {
        listener.writeInbound(new EmbeddedChannel());
    }

    private void assertAccepting(boolean expected) {
        assertEquals(expected, first.config().isAutoRead());
        assertEquals(expected, second.config().isAutoRead());
    }

    @Test
    void noListenerAcceptsWhileAsManySocketsAreOpenAsMayBe() {
        for (int i = 1; i < 2 + Door.WAITING_MAX; i++) {
            accept(first);
            assertAccepting(true);
        }
        accept(second);
        assertAccepting(false);
        // The loop may have accepted some more connections before it stopped.
        accept(second);
        open.remove().close();
        assertAccepting(false);
        open.remove().close();
        assertAccepting(true);
        assertEquals(1 + Door.WAITING_MAX, open.size());
    }

    @Test
    void aServerCountsEachConnection() throws Exception {
        try (ServerResources resources = new ServerResources(ServerSettings.DEFAULT);
                ProtocolServer server = ProtocolServer.open(
                        "echo", List.of(ListenAddress.tcp("127.0.0.1:0")), resources, EchoProtocol::new)) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
                until(() -> resources.door().open() == 1);
            }
            until(() -> resources.door().open() == 0);
        }
    }

    @Test
    void aListenerThatHasEndedIsLeftAlone() {
        second.close();
        for (int i = 0; i < 2 + Door.WAITING_MAX; i++) {
            accept(first);
        }
        assertFalse(first.config().isAutoRead());
        assertTrue(second.config().isAutoRead());
    }
}
