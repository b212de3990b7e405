// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import static io.zerofs.server.client.NinePClient.ROOT;
import static io.zerofs.server.client.NinePClient.bytes;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.core.random.Seeds;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.client.NinePSocket;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ProtocolServer;
import io.zerofs.server.net.ServerResources;
import io.zerofs.server.net.ServerSettings;
import io.zerofs.server.ninep.wire.LockOwner;
import io.zerofs.server.ninep.wire.LockRange;
import io.zerofs.server.ninep.wire.LockStatus;
import io.zerofs.server.ninep.wire.LockType;
import io.zerofs.server.ninep.wire.MessageHeader;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.Tmessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sessions on real sockets. */
class SocketTest {
    private static final int BIG_MSIZE = NinePSettings.MESSAGE_BYTES_LIMIT;

    private final NinePFixture fixture = new NinePFixture();
    private final ServerResources resources = new ServerResources(ServerSettings.DEFAULT);
    private Path socket;
    private ProtocolServer server;

    @BeforeEach
    void open() throws Exception {
        // Not a directory of the build: the path of a unix socket is short.
        socket = Files.createTempDirectory(Path.of("/tmp"), "9p").resolve("s");
        server = ProtocolServer.open(
                "9p",
                List.of(ListenAddress.tcp("127.0.0.1", 0), ListenAddress.unix(socket)),
                resources,
                fixture.server());
    }

    @AfterEach
    void close() throws Exception {
        server.close();
        resources.close();
        assertEquals(0, resources.bytesInFlight());
        fixture.close();
        Files.deleteIfExists(socket);
        Files.delete(socket.getParent());
    }

    private NinePSocket connect() throws Exception {
        return NinePSocket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    }

    @Test
    void wholeMessageSizeIsReadAndWritten() throws Exception {
        Seeds.run(seed -> {
            byte[] data = new byte[BIG_MSIZE - MessageHeader.WRITE_DATA_OFFSET];
            new Random(seed).nextBytes(data);
            try (NinePSocket client = connect()) {
                assertEquals(BIG_MSIZE, client.version(BIG_MSIZE));
                client.attach(ROOT, 0);
                client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
                Rmessage.Rwrite written =
                        client.ok(Rmessage.Rwrite.class, new Tmessage.Twrite(1, 5, Unpooled.wrappedBuffer(data)));
                assertEquals(data.length, written.count());
                ByteBuf read = client.ok(Rmessage.Data.class, new Tmessage.Tread(1, 5, -1))
                        .bytes();
                byte[] back = new byte[data.length];
                assertEquals(MessageHeader.DATA_OFFSET + data.length, read.writerIndex());
                read.getBytes(MessageHeader.DATA_OFFSET, back);
                assertArrayEquals(data, back);
            }
        });
    }

    @Test
    void unixSocketSpeaksToo() throws Exception {
        try (NinePSocket client = NinePSocket.connect(UnixDomainSocketAddress.of(socket))) {
            client.begin(0);
            client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
            client.write(1, 0, "x");
            assertEquals("x", client.read(1, 0, 9));
        }
    }

    @Test
    void manyTagsAreAnsweredEachWithItsOwn() throws Exception {
        try (NinePSocket client = connect()) {
            client.begin(0);
            client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
            int tags = 200;
            for (int tag = 1; tag <= tags; tag++) {
                client.send(tag, NinePClient.writeMessage(1, tag * 8L, String.format("%08d", tag)));
            }
            for (int tag = 1; tag <= tags; tag++) {
                assertEquals(new Rmessage.Rwrite(8), client.await(tag));
                client.send(tag, new Tmessage.Tread(1, tag * 8L, 8));
            }
            for (int tag = 1; tag <= tags; tag++) {
                ByteBuf bytes = ((Rmessage.Data) client.await(tag)).bytes();
                assertEquals(
                        tag, Integer.parseInt(bytes.toString(MessageHeader.DATA_OFFSET, 8, StandardCharsets.US_ASCII)));
            }
        }
    }

    @Test
    void clientThatIsAloneReadsTheRepliesToItsRequests() throws Exception {
        try (NinePSocket alone = NinePSocket.alone(server.port())) {
            alone.version(BIG_MSIZE);
            alone.attach(ROOT, 0);
            alone.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
            alone.ok(new Tmessage.Twrite(1, 0, Unpooled.wrappedBuffer(new byte[1 << 20])));
            Set<Integer> tags = new HashSet<>();
            for (int tag = 0; tag < 16; tag++) {
                alone.add(tag, new Tmessage.Tread(1, 0, tag % 2 == 0 ? 1 << 20 : 1));
            }
            alone.socket().flush();
            for (int i = 0; i < 16; i++) {
                tags.add(alone.skipReply());
            }
            assertEquals(16, tags.size());
            assertFalse(alone.hasWholeReply());
            alone.write(1, 0, "x");
            assertEquals("x", alone.read(1, 0, 1));
            alone.add(1, new Tmessage.Tclunk(99));
            alone.socket().flush();
            assertThrows(IOException.class, alone::skipReply);
        }
    }

    @Test
    void replyOvertakesOneThatWaits() throws Exception {
        try (NinePSocket one = connect();
                NinePSocket two = connect()) {
            one.begin(0);
            two.begin(0);
            one.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
            two.walk(ROOT, 1, "f");
            two.open(1, OpenFlags.READ_WRITE);
            Tmessage lock = new Tmessage.Tlock(
                    1, LockType.WRITE, Tmessage.Tlock.BLOCK, new LockRange(0, 0), new LockOwner(1, bytes("h")));
            one.ok(lock);
            two.send(7, lock);
            two.attributes(1);
            one.close();
            assertEquals(new Rmessage.Rlock(LockStatus.SUCCESS), two.await(7));
        }
        await().until(() -> fixture.server().locks().heldCount() == 0);
    }

    @Test
    void garbageClosesOnlyItsConnection() throws Exception {
        try (NinePSocket good = connect();
                NinePSocket bad = connect()) {
            good.begin(0);
            bad.send(Unpooled.wrappedBuffer(bytes("GET / HTTP/1.1\r\n\r\n")));
            assertTrue(bad.isClosedByServer());
            good.attributes(ROOT);
        }
    }

    @Test
    void clientThatGoesAwayInTheMiddleLeavesNothing() throws Exception {
        for (int i = 0; i < 20; i++) {
            try (NinePSocket client = connect()) {
                client.begin(0);
                client.create(ROOT, 1, "f" + i, OpenFlags.READ_WRITE, 0644);
                for (int tag = 1; tag < 50; tag++) {
                    client.send(tag, new Tmessage.Tread(1, 0, 60_000));
                }
                ByteBuf half =
                        Unpooled.buffer().writeIntLE(50_000).writeByte(118).writeZero(1_000);
                client.send(half);
            }
        }
        await().until(() -> resources.connections() == 0 && resources.bytesInFlight() == 0);
    }
}
