// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import static io.zerofs.server.net.Conditions.until;
import static io.zerofs.server.net.EchoProtocol.BIG;
import static io.zerofs.server.net.EchoProtocol.BIG_BYTES;
import static io.zerofs.server.net.EchoProtocol.BUG;
import static io.zerofs.server.net.EchoProtocol.BUG_LENGTH;
import static io.zerofs.server.net.EchoProtocol.ECHO;
import static io.zerofs.server.net.EchoProtocol.HOLD;
import static io.zerofs.server.net.EchoProtocol.LATE_BUG;
import static io.zerofs.server.net.EchoProtocol.WAIT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProtocolServerTest {
    private static final int REQUESTS_MAX = 8;
    private static final ServerSettings SETTINGS = ServerSettings.DEFAULT
            .withThreads(2, 4)
            .withConnectionsMax(3)
            .withRequestsPerConnectionMax(REQUESTS_MAX)
            .withBytesMax(4L << 20, 6L << 20)
            .withOffloadBytes(64 << 10)
            .withStallSeconds(1)
            .withCloseSeconds(2);

    private final ServerResources resources = new ServerResources(SETTINGS);
    private final List<EchoProtocol> protocols = new CopyOnWriteArrayList<>();
    private ProtocolServer server;

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
        resources.close();
        assertEquals(0, resources.bytesInFlight());
        assertEquals(0, resources.connections());
    }

    private ProtocolServer open(ListenAddress... addresses) throws ListenException {
        return ProtocolServer.open("echo", List.of(addresses), resources, connection -> {
            EchoProtocol protocol = new EchoProtocol(connection);
            protocols.add(protocol);
            return protocol;
        });
    }

    private Socket connect() throws IOException {
        if (server == null) {
            server = open(ListenAddress.tcp("127.0.0.1:0"));
        }
        return new Socket(InetAddress.getLoopbackAddress(), server.port());
    }

    private void use(Socket socket) throws IOException {
        socket.getOutputStream().write(message(ECHO, 9));
        read(socket, 9);
    }

    @Test
    void silentConnectionsMakeWayAndOthersStay() throws Exception {
        try (Socket used = connect()) {
            use(used);
            List<Socket> silent = new ArrayList<>();
            try {
                for (int i = 0; i < 20; i++) {
                    silent.add(connect());
                }
                // Two loops let connections in, so that the last of them may come before others.
                until(() -> protocols.size() == 1 + silent.size());
                try (Socket other = connect()) {
                    use(other);
                    use(used);
                    assertEquals(-1, silent.get(0).getInputStream().read(), "the oldest made way");
                    until(() -> protocols.get(1).closed.get() == 1);
                    assertFalse(protocols.get(1).closedInOrder, "its client may have asked for something meanwhile");
                    assertEquals(0, resources.refused().get("echo").get(ClientResource.CONNECTIONS));
                }
            } finally {
                for (Socket each : silent) {
                    each.close();
                }
            }
        }
    }

    static byte[] message(byte command, int length) {
        return ByteBuffer.allocate(length).putInt(length).put(command).array();
    }

    static byte[] read(Socket socket, int length) throws IOException {
        byte[] bytes = new byte[length];
        new DataInputStream(socket.getInputStream()).readFully(bytes);
        return bytes;
    }

    private EchoProtocol protocol() {
        until(() -> !protocols.isEmpty());
        return protocols.get(0);
    }

    @Test
    void answersMessagesHoweverTheyAreCut() throws IOException {
        try (Socket socket = connect()) {
            socket.setTcpNoDelay(true);
            for (byte each : message(ECHO, 20)) {
                socket.getOutputStream().write(each);
            }
            assertArrayEquals(message(ECHO, 20), read(socket, 20));
            byte[] large = message(ECHO, 3 << 20);
            Thread sender = new Thread(() -> {
                try {
                    socket.getOutputStream().write(large);
                    socket.getOutputStream().write(message(ECHO, 7));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            sender.start();
            // The small one may overtake the large one, which runs on a waiting thread.
            int first = ByteBuffer.wrap(read(socket, 5)).getInt();
            read(socket, first - 5);
            int second = ByteBuffer.wrap(read(socket, 5)).getInt();
            read(socket, second - 5);
            assertEquals(large.length + 7, first + second);
        }
    }

    @Test
    void shortRequestsRunOnTheEventLoopAndWaitingOrLargeOnesElsewhere() throws IOException {
        try (Socket socket = connect()) {
            for (byte[] request : List.of(message(ECHO, 10), message(WAIT, 11), message(ECHO, 64 << 10))) {
                socket.getOutputStream().write(request);
                assertArrayEquals(request, read(socket, request.length));
            }
            List<String> threads = List.copyOf(protocol().threads);
            assertTrue(threads.get(0).startsWith("zerofs-loop"), threads.get(0));
            assertTrue(threads.get(1).startsWith("zerofs-fs"), threads.get(1));
            assertTrue(threads.get(2).startsWith("zerofs-fs"), threads.get(2));
        }
    }

    @Test
    void requestsBeyondTheLimitOfAConnectionAreNotReadUntilOthersEnd() throws IOException {
        try (Socket socket = connect()) {
            for (int i = 0; i < 3 * REQUESTS_MAX; i++) {
                socket.getOutputStream().write(message(HOLD, 10));
            }
            until(() -> protocol().messages.get() == REQUESTS_MAX);
            for (int i = 0; i < 3 * REQUESTS_MAX; i++) {
                until(() -> !protocol().held.isEmpty());
                assertTrue(protocol().held.size() <= REQUESTS_MAX);
                protocol().held.remove().run();
                read(socket, 10);
            }
            assertEquals(3 * REQUESTS_MAX, protocol().messages.get());
        }
    }

    @Test
    void clientThatDoesNotReadHoldsBoundedMemoryAndIsClosed() throws IOException {
        try (Socket socket = connect()) {
            for (int i = 0; i < 1_000; i++) {
                socket.getOutputStream().write(message(BIG, 10));
            }
            until(() -> protocol().closed.get() == 1);
            assertTrue(
                    protocol().messages.get() < 100,
                    "messages read: " + protocol().messages.get());
        }
        until(() -> resources.bytesInFlight() == 0);
    }

    @Test
    void slowReaderGetsAllReplies() throws IOException {
        try (Socket socket = connect()) {
            int replies = 40;
            for (int i = 0; i < replies; i++) {
                socket.getOutputStream().write(message(BIG, 10));
            }
            for (int i = 0; i < replies; i++) {
                read(socket, BIG_BYTES);
                assertTrue(resources.bytesInFlight() <= SETTINGS.limits().bytesInFlightMax() + BIG_BYTES);
            }
        }
    }

    @Test
    void connectionsShareTheLimitOnBytesWithoutStarving() throws IOException {
        try (Socket one = connect();
                Socket two = connect()) {
            int replies = 30;
            for (int i = 0; i < replies; i++) {
                one.getOutputStream().write(message(BIG, 10));
                two.getOutputStream().write(message(BIG, 10));
            }
            for (int i = 0; i < replies; i++) {
                read(one, BIG_BYTES);
                read(two, BIG_BYTES);
            }
        }
    }

    @Test
    void halfASentRequestIsClosedAfterTheStallTime() throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(message(ECHO, 100), 0, 50);
            assertEquals(-1, socket.getInputStream().read());
        }
    }

    @Test
    void malformedMessageAndBugEndOnlyTheirConnection() throws IOException {
        try (Socket good = connect();
                Socket malformed = connect();
                Socket bug = connect()) {
            malformed.getOutputStream().write(new byte[] {-1, -1, -1, -1});
            assertEquals(-1, malformed.getInputStream().read());
            bug.getOutputStream().write(message(BUG, 10));
            assertEquals(-1, bug.getInputStream().read());
            good.getOutputStream().write(message(ECHO, 10));
            assertArrayEquals(message(ECHO, 10), read(good, 10));
        }
    }

    @Test
    void bugInARequestPastTheLimitEndsTheConnection() throws IOException {
        try (Socket socket = connect()) {
            for (int i = 0; i <= REQUESTS_MAX; i++) {
                socket.getOutputStream().write(message(HOLD, 10));
            }
            socket.getOutputStream().write(message(ECHO, BUG_LENGTH));
            until(() -> protocol().messages.get() == REQUESTS_MAX);
            protocol().held.remove().run();
            until(() -> protocol().closed.get() == 1);
            protocol().held.forEach(Runnable::run);
        }
    }

    @Test
    void bugInAnAnswerThatComesLaterEndsTheConnection() throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(message(LATE_BUG, 10));
            until(() -> !protocol().held.isEmpty());
            protocol().held.remove().run();
            assertEquals(-1, socket.getInputStream().read());
        }
    }

    @Test
    void connectionsBeyondTheLimitAreClosed() throws IOException {
        try (Socket one = connect();
                Socket two = connect();
                Socket three = connect()) {
            for (Socket each : List.of(one, two, three)) {
                each.getOutputStream().write(message(ECHO, 10));
                read(each, 10);
            }
            try (Socket four = connect()) {
                assertEquals(-1, four.getInputStream().read());
            }
        }
    }

    @Test
    void closingLetsRequestsInFlightEnd() throws Exception {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(message(HOLD, 10));
            until(() -> !protocol().held.isEmpty());
            Thread closer = new Thread(server::close);
            closer.start();
            until(() -> refusesConnections(server.port()));
            protocol().held.remove().run();
            assertArrayEquals(message(HOLD, 10), read(socket, 10));
            assertEquals(-1, socket.getInputStream().read());
            closer.join();
        }
    }

    @Test
    void connectionThatItsClientEndsWithoutTheReplyDoesNotEndInOrder() throws Exception {
        try (Socket socket = connect()) {
            use(socket);
            socket.getOutputStream().write(message(HOLD, 10));
            until(() -> protocol().held.size() == 1);
        }
        until(() -> protocol().closed.get() == 1);
        assertFalse(protocol().closedInOrder);
        protocol().held.remove().run();
    }

    @Test
    void connectionThatItsClientEndsAfterTheReplyEndsInOrder() throws Exception {
        try (Socket socket = connect()) {
            use(socket);
        }
        until(() -> protocol().closed.get() == 1);
        assertTrue(protocol().closedInOrder);
    }

    @Test
    void connectionThatIsJustBeingMadeDoesNotKeepTheServerFromClosing() throws Exception {
        CountDownLatch making = new CountDownLatch(1);
        CompletableFuture<Void> made = new CompletableFuture<>();
        server = ProtocolServer.open("echo", List.of(ListenAddress.tcp("127.0.0.1:0")), resources, connection -> {
            making.countDown();
            made.join();
            return new EchoProtocol(connection);
        });
        try (Socket socket = connect()) {
            making.await();
            try {
                server.close();
            } finally {
                made.complete(null);
            }
            assertEquals(-1, socket.getInputStream().read());
        }
    }

    @Test
    void repliesAreNotLostWhenTheConnectionIsClosedWithRequestsUnread() throws Exception {
        try (Socket socket = connect()) {
            for (int i = 0; i < 1_000; i++) {
                socket.getOutputStream().write(message(HOLD, 100));
            }
            until(() -> protocol().held.size() == REQUESTS_MAX);
            Thread closer = new Thread(server::close);
            closer.start();
            until(() -> refusesConnections(server.port()));
            protocol().held.forEach(Runnable::run);
            read(socket, REQUESTS_MAX * 100);
            assertEquals(-1, socket.getInputStream().read());
            socket.close();
            closer.join();
        }
    }

    private static boolean refusesConnections(int port) {
        try {
            new Socket(InetAddress.getLoopbackAddress(), port).close();
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void closingEndsRequestsThatNeverAnswerAfterABoundedTime() throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(message(HOLD, 10));
            until(() -> !protocol().held.isEmpty());
            server.close();
            assertEquals(-1, socket.getInputStream().read());
            protocol().held.remove().run();
        }
    }

    @Test
    void portInUseIsNamed() throws IOException {
        server = open(ListenAddress.tcp("127.0.0.1:0"));
        ListenAddress taken = server.addresses().get(0);
        ListenException thrown = assertThrows(ListenException.class, () -> open(taken));
        assertEquals(
                "echo cannot listen on " + taken + ": the address is in use by another program", thrown.getMessage());
    }

    @Test
    void staleSocketFileIsReplacedALiveOneAndAnyOtherFileRefused(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("s");
        try (ServerSocketChannel live = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            live.bind(UnixDomainSocketAddress.of(path));
            assertTrue(assertThrows(ListenException.class, () -> open(ListenAddress.unix(path)))
                    .getMessage()
                    .contains("another program listens"));
        }
        assertTrue(Files.exists(path), "a closed socket leaves its file");
        server = open(ListenAddress.unix(path));
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            client.write(ByteBuffer.wrap(message(ECHO, 10)));
            assertArrayEquals(message(ECHO, 10), Channels.newInputStream(client).readNBytes(10));
        }
        server.close();
        assertTrue(Files.notExists(path));
        Files.writeString(path, "data");
        assertThrows(ListenException.class, () -> open(ListenAddress.unix(path)));
        assertEquals("data", Files.readString(path));
    }
}
