// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.XdrReader;
import io.zerofs.server.client.RpcClient;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ProtocolServer;
import io.zerofs.server.net.ServerResources;
import io.zerofs.server.net.ServerSettings;
import io.zerofs.server.nfs3.wire.Nfs3Limits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class RpcConnectionTest {
    private static final RpcClient.Header HEADER = new RpcClient.Header(0x1000, 1, 0, 0, 0);

    /** Has one procedure, which must not run twice. */
    private static final class FailsOnce implements RpcProgram {
        private volatile boolean failed;

        @Override
        public int number() {
            return HEADER.program();
        }

        @Override
        public int version() {
            return HEADER.version();
        }

        @Override
        public boolean hasProcedure(int procedure) {
            return procedure == HEADER.procedure();
        }

        @Override
        public boolean isCached(int procedure) {
            return true;
        }

        @Override
        public void call(RpcCall call, XdrReader arguments, RpcExchange exchange) {
            if (!failed) {
                failed = true;
                throw new IllegalStateException("a bug");
            }
            exchange.reply(exchange.newReply(0));
        }
    }

    @Test
    void callThatFailedWhileItWasDecodedIsRunWhenItIsSentAgain() throws Exception {
        RpcDispatcher dispatcher =
                new RpcDispatcher(List.of(new FailsOnce()), new DuplicateRequestCache(4_096, InstantSource.system()));
        ByteBuf record = RpcClient.encode(4_711, HEADER, out -> {});
        try (ServerResources resources = new ServerResources(ServerSettings.DEFAULT);
                ProtocolServer server = ProtocolServer.open(
                        "rpc",
                        List.of(ListenAddress.tcp("127.0.0.1:0")),
                        resources,
                        connection -> new RpcConnection(connection, dispatcher, Nfs3Limits.RECORD_BYTES_MAX))) {
            try (RpcClient client = RpcClient.connect(server.port())) {
                CompletableFuture<RpcClient.Reply> never = client.send(4_711, record);
                assertThrows(IOException.class, () -> RpcClient.get(never));
            }
            try (RpcClient reconnected = RpcClient.connect(server.port())) {
                assertTrue(RpcClient.get(reconnected.send(4_711, record)).isSuccess());
            }
        }
    }

    @Test
    void recordOfUnknownLengthCountsAsTheLongestAndIsAwaitedForALimitedTime() throws Exception {
        ServerSettings settings = ServerSettings.DEFAULT
                .withThreads(1, 1)
                .withConnectionsMax(1)
                .withRequestsPerConnectionMax(1)
                .withBytesMax(8L << 20, 8L << 20)
                .withOffloadBytes(1)
                .withStallSeconds(2)
                .withCloseSeconds(1);
        RpcDispatcher dispatcher =
                new RpcDispatcher(List.of(), new DuplicateRequestCache(4_096, InstantSource.system()));
        try (ServerResources resources = new ServerResources(settings);
                ProtocolServer server = ProtocolServer.open(
                        "rpc",
                        List.of(ListenAddress.tcp("127.0.0.1:0")),
                        resources,
                        connection -> new RpcConnection(connection, dispatcher, Nfs3Limits.RECORD_BYTES_MAX));
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(20_000);
            // A part of a fragment that is not the last.
            socket.getOutputStream()
                    .write(ByteBuffer.allocate(20_000).putInt(100_000).array());
            await().until(() -> resources.bytesInFlight() == Nfs3Limits.RECORD_BYTES_MAX);
            assertEquals(-1, socket.getInputStream().read());
            await().until(() -> resources.bytesInFlight() == 0);
        }
    }
}
