// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import static io.zerofs.server.net.ProtocolServerTest.message;
import static io.zerofs.server.net.ProtocolServerTest.read;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The clients that reach a server: addresses, ranges of them, and the files of unix sockets. */
class ListeningTest {
    private static final InetAddress LOCAL = InetAddress.getLoopbackAddress();

    private final ServerResources resources = new ServerResources(ServerSettings.DEFAULT);
    private ProtocolServer server;

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
        resources.close();
    }

    private void open(ListenAddress address) throws ListenException {
        server = ProtocolServer.open("echo", List.of(address), resources, EchoProtocol::new);
    }

    private static Optional<List<AddressRange>> ranges(String... ranges) {
        return Optional.of(Arrays.stream(ranges).map(AddressRange::parse).toList());
    }

    private boolean isServed() throws IOException {
        try (Socket socket = new Socket(LOCAL, server.port())) {
            socket.getOutputStream().write(message(EchoProtocol.ECHO, 9));
            int first = socket.getInputStream().read();
            return first >= 0 && read(socket, 8).length == 8;
        } catch (IOException e) {
            assertFalse(e instanceof ConnectException, e.toString());
            return false;
        }
    }

    @Test
    void onlyAllowedAddressesAreServed() throws IOException {
        open(ListenAddress.tcp("127.0.0.1:0").allowing(ranges("10.0.0.0/8", "::1")));
        assertFalse(isServed());
        assertEquals(0, resources.connections());
        server.close();
        open(ListenAddress.tcp("127.0.0.1:0").allowing(ranges("10.0.0.0/8", "127.0.0.0/8")));
        assertTrue(isServed());
        server.close();
        open(ListenAddress.tcp("127.0.0.1:0").allowing(ranges()));
        assertFalse(isServed());
    }

    @Test
    void allAddressesOfIpv4AreNoneOfIpv6() throws IOException {
        open(ListenAddress.tcp("0.0.0.0:0"));
        assertTrue(isServed());
        assertThrows(IOException.class, () -> new Socket(InetAddress.getByName("::1"), server.port()).close());
    }

    @Test
    void anAddressBeyondThisMachineIsOpenToAllUnlessItListsClients() {
        assertTrue(ListenAddress.tcp("0.0.0.0:1").isOpenToAll());
        assertTrue(ListenAddress.tcp("[::]:1").isOpenToAll());
        assertFalse(ListenAddress.tcp("127.0.0.1:1").isOpenToAll());
        assertFalse(ListenAddress.tcp("[::1]:1").isOpenToAll());
        assertFalse(
                ListenAddress.tcp("0.0.0.0:1").allowing(ranges("10.0.0.0/8")).isOpenToAll());
    }

    @Test
    void rangesHoldTheAddressesThatBeginWithTheirBits() throws IOException {
        AddressRange range = AddressRange.parse("10.1.128.0/17");
        assertTrue(range.contains(InetAddress.getByName("10.1.255.255")));
        assertFalse(range.contains(InetAddress.getByName("10.1.127.255")));
        assertFalse(range.contains(InetAddress.getByName("fd00::1")));
        assertTrue(AddressRange.parse("0.0.0.0/0").contains(LOCAL));
        assertTrue(AddressRange.parse("192.0.2.1").contains(InetAddress.getByName("::ffff:192.0.2.1")));
        AddressRange six = AddressRange.parse("fd00:1::/33");
        assertTrue(six.contains(InetAddress.getByName("fd00:1:7fff::1")));
        assertFalse(six.contains(InetAddress.getByName("fd00:1:8000::1")));
    }

    @Test
    void invalidRangesAreRefusedWithASentence() {
        for (String text : new String[] {"", "localhost", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0/x", "a.b/8"}) {
            assertThrows(IllegalArgumentException.class, () -> AddressRange.parse(text), text);
        }
        IllegalArgumentException inside =
                assertThrows(IllegalArgumentException.class, () -> AddressRange.parse("10.0.0.5/8"));
        assertEquals("\"10.0.0.5/8\" begins at 10.0.0.0: write 10.0.0.0/8", inside.getMessage());
    }

    @Test
    void aSocketFileHasItsModeAndGroup(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("s");
        String group = Files.getAttribute(directory, "posix:group").toString();
        open(new ListenAddress.UnixSocket(
                path, Optional.of(PosixFilePermissions.fromString("rw-rw----")), Optional.of(group)));
        assertEquals("rw-rw----", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
        try (var files = Files.list(directory)) {
            assertEquals(List.of(path), files.toList());
        }
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            assertTrue(client.isConnected());
        }
        ListenAddress unknown =
                new ListenAddress.UnixSocket(directory.resolve("t"), Optional.empty(), Optional.of("no-such-group"));
        ListenException refusal = assertThrows(
                ListenException.class,
                () -> ProtocolServer.open("echo", List.of(unknown), resources, EchoProtocol::new));
        assertTrue(refusal.getMessage().contains("no group no-such-group"), refusal.getMessage());
        try (var files = Files.list(directory)) {
            assertEquals(List.of(path), files.toList());
        }
    }

    @Test
    void theUserOfAUnixSocketIsKnown(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("s");
        BlockingQueue<Connection> connections = new LinkedBlockingQueue<>();
        server = ProtocolServer.open("echo", List.of(ListenAddress.unix(path)), resources, connection -> {
            connections.add(connection);
            return new EchoProtocol(connection);
        });
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            client.write(ByteBuffer.wrap(message(EchoProtocol.ECHO, 5)));
            assertEquals(5, client.read(ByteBuffer.allocate(5)));
            int uid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
            int gid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:gid");
            assertEquals(new PeerUser(uid, gid, true), connections.take().peerUser());
        }
    }

    /** Linux answers a connection to a pipe in the same way as to a socket without a listener. */
    @Test
    void onlyASocketIsTakenForAStaleOne(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", path.toString()).start().waitFor());

        assertRefused(path, "not a socket");
    }

    @Test
    void aSocketOfAnotherKindBelongsToSomebody(@TempDir Path directory) throws Exception {
        assumeTrue(Epoll.isAvailable(), "needs the native transport of Linux");
        Path path = directory.resolve("datagrams");
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        try {
            Channel live = new Bootstrap()
                    .group(loop)
                    .channel(EpollDomainDatagramChannel.class)
                    .handler(new ChannelInboundHandlerAdapter())
                    .bind(new DomainSocketAddress(path.toFile()))
                    .sync()
                    .channel();
            assertRefused(path, "wrong type");
            live.close().sync();
        } finally {
            loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();
        }
    }

    @Test
    void aProgramThatIsTooBusyToAcceptIsAlive(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("busy");
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
        List<SocketChannel> clients = new ArrayList<>();
        try (ServerSocketChannel busy = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            busy.bind(address, 1);
            while (connect(address, clients)) {
                // Its queue of clients fills.
            }
            assertTimeoutPreemptively(Duration.ofSeconds(30), () -> assertRefused(path, "temporarily unavailable"));
        } finally {
            for (SocketChannel client : clients) {
                client.close();
            }
        }
    }

    private static boolean connect(UnixDomainSocketAddress address, List<SocketChannel> clients) throws IOException {
        SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX);
        clients.add(client);
        client.configureBlocking(false);
        try {
            return client.connect(address);
        } catch (SocketException e) {
            return false;
        }
    }

    private void assertRefused(Path path, String reason) {
        ListenException refusal = assertThrows(ListenException.class, () -> open(ListenAddress.unix(path)));
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
        assertTrue(Files.exists(path));
    }

    @Test
    void aFileThatTookThePlaceOfTheSocketStays(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("s");
        open(ListenAddress.unix(path));
        Files.delete(path);
        Files.writeString(path, "data");
        server.close();
        assertArrayEquals("data".getBytes(UTF_8), Files.readAllBytes(path));
    }
}
