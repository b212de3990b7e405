// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import static io.zerofs.server.net.Conditions.until;
import static io.zerofs.server.net.EchoProtocol.BIG;
import static io.zerofs.server.net.EchoProtocol.BIG_BYTES;
import static io.zerofs.server.net.EchoProtocol.ECHO;
import static io.zerofs.server.net.ProtocolServerTest.message;
import static io.zerofs.server.net.ProtocolServerTest.read;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many connections that each want to hold much, beside one that wants to be served. */
class GreedyClientTest {
    private static final int CONNECTIONS = 30;
    private static final int LARGE = 1 << 20;
    private static final ServerSettings SETTINGS = ServerSettings.DEFAULT
            .withThreads(2, 4)
            .withConnectionsMax(CONNECTIONS + 2)
            .withRequestsPerConnectionMax(8)
            .withBytesMax(4L << 20, 8L << 20)
            .withOffloadBytes(64 << 10)
            .withStallSeconds(30)
            .withCloseSeconds(2);

    /** One event loop for all connections. */
    private static final ServerSettings ONE_LOOP = ServerSettings.DEFAULT
            .withThreads(1, 1)
            .withConnectionsMax(2)
            .withRequestsPerConnectionMax(256)
            .withBytesMax(4L << 20, 8L << 20)
            .withOffloadBytes(64 << 10)
            .withStallSeconds(30)
            .withCloseSeconds(2);

    private final ServerResources resources = new ServerResources(SETTINGS);
    private final List<Socket> greedy = new ArrayList<>();
    private ProtocolServer server;

    @BeforeEach
    void open() throws ListenException {
        server = ProtocolServer.open("echo", List.of(ListenAddress.tcp("127.0.0.1:0")), resources, EchoProtocol::new);
    }

    @AfterEach
    void close() throws IOException {
        for (Socket each : greedy) {
            each.close();
        }
        server.close();
        resources.close();
        assertEquals(0, resources.bytesInFlight());
        assertEquals(0, resources.connections());
    }

    private Socket connect() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), server.port());
    }

    /** Sends requests and never reads the replies. */
    private void askForMuch() throws IOException {
        for (int i = 0; i < CONNECTIONS; i++) {
            greedy.add(connect());
            for (int request = 0; request < 2 * SETTINGS.limits().requestsPerConnectionMax(); request++) {
                greedy.get(i).getOutputStream().write(message(BIG, 10));
            }
        }
        until(() -> resources.bytesInFlight() >= SETTINGS.limits().bytesInFlightMax());
    }

    private void assertServed(int length) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(message(ECHO, length));
            assertArrayEquals(message(ECHO, length), read(socket, length));
        }
    }

    private void assertBounded() {
        long bytes = resources.bytesInFlight();
        assertTrue(bytes < SETTINGS.limits().bytesInFlightMax() * 5 / 4 + 4 * LARGE, "bytes in flight: " + bytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {LARGE, 4 * LARGE})
    void halfSentRequestsHoldBoundedMemoryAndMakeWayForOthers(int length) throws IOException {
        for (int i = 0; i < CONNECTIONS; i++) {
            greedy.add(connect());
            greedy.get(i).getOutputStream().write(message(ECHO, length), 0, LARGE - 1);
        }
        until(() -> resources.bytesInFlight() >= SETTINGS.limits().bytesInFlightMax() / 4);
        assertBounded();
        assertServed(100);
        assertServed(LARGE);
        assertBounded();
    }

    @Test
    void unreadRepliesHoldBoundedMemoryAndMakeWayForOthers() throws IOException {
        askForMuch();
        assertBounded();
        assertServed(100);
        try (Socket socket = connect()) {
            socket.getOutputStream().write(message(BIG, 10));
            read(socket, BIG_BYTES);
        }
        assertBounded();
    }

    /** Opens a server whose protocols the test sees. */
    private static ProtocolServer open(ServerResources resources, List<EchoProtocol> protocols) throws ListenException {
        return ProtocolServer.open("echo", List.of(ListenAddress.tcp("127.0.0.1:0")), resources, connection -> {
            EchoProtocol protocol = new EchoProtocol(connection);
            protocols.add(protocol);
            return protocol;
        });
    }

    private static byte[] echoRequests(int many) {
        ByteBuffer requests = ByteBuffer.allocate(many * 10);
        for (int i = 0; i < many; i++) {
            requests.put(message(ECHO, 10));
        }
        return requests.array();
    }

    @Test
    void othersOfAnEventLoopHaveTheirTurnWhileOneConnectionSendsMany() throws Exception {
        int many = 10 * MessageHandler.MESSAGES_PER_TURN_MAX;
        List<EchoProtocol> protocols = new CopyOnWriteArrayList<>();
        try (ServerResources resources = new ServerResources(ONE_LOOP);
                ProtocolServer other = open(resources, protocols);
                Socket busy = new Socket(InetAddress.getLoopbackAddress(), other.port());
                Socket few = new Socket(InetAddress.getLoopbackAddress(), other.port())) {
            until(() -> protocols.size() == 2);
            CountDownLatch sent = new CountDownLatch(1);
            CompletableFuture<Integer> before = new CompletableFuture<>();
            // The loop waits until all was sent by both.
            protocols.get(0).whenRead = () -> sent.await();
            protocols.get(1).whenRead =
                    () -> before.complete(protocols.get(0).messages.get());
            busy.getOutputStream().write(echoRequests(many));
            until(() -> protocols.get(0).messages.get() == 1);
            few.getOutputStream().write(message(ECHO, 10));
            sent.countDown();
            assertTrue(
                    before.get() <= MessageHandler.MESSAGES_PER_TURN_MAX,
                    before.get() + " messages were handled before");
            read(few, 10);
            read(busy, many * 10);
        }
    }

    @Test
    void allThatAClientSentBeforeItEndedItsSideIsHandled() throws Exception {
        int many = 10 * MessageHandler.MESSAGES_PER_TURN_MAX;
        List<EchoProtocol> protocols = new CopyOnWriteArrayList<>();
        try (ServerResources resources = new ServerResources(ONE_LOOP);
                ProtocolServer other = open(resources, protocols);
                Socket client = new Socket(InetAddress.getLoopbackAddress(), other.port())) {
            client.getOutputStream().write(echoRequests(many));
            client.shutdownOutput();
            until(() -> protocols.size() == 1 && protocols.get(0).messages.get() == many);
        }
    }

    @Test
    void connectionThatEndsWhileItsReplyWaitsForRoomLeavesNothing() throws IOException {
        ServerSettings tight = ServerSettings.DEFAULT
                .withThreads(1, 1)
                .withConnectionsMax(2)
                .withRequestsPerConnectionMax(8)
                .withBytesMax(20_000, 20_000)
                .withOffloadBytes(64 << 10)
                .withStallSeconds(600)
                .withCloseSeconds(0);
        try (ServerResources few = new ServerResources(tight);
                ProtocolServer other =
                        ProtocolServer.open("echo", List.of(ListenAddress.tcp("127.0.0.1:0")), few, EchoProtocol::new);
                Socket holder = new Socket(InetAddress.getLoopbackAddress(), other.port());
                Socket reader = new Socket(InetAddress.getLoopbackAddress(), other.port())) {
            holder.getOutputStream().write(message(ECHO, LARGE), 0, 5);
            until(() -> few.bytesInFlight() == LARGE);
            reader.getOutputStream().write(message(BIG, 10));
            until(() -> few.bytesInFlight() == LARGE + AdmissionControl.REQUEST_BYTES_MIN);
            reader.setSoLinger(true, 0);
            reader.close();
            until(() -> few.connections() == 1);
            until(() -> few.bytesInFlight() == LARGE);
        }
    }
}
