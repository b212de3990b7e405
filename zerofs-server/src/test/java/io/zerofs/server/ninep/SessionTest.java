// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import static io.zerofs.server.client.NinePClient.ROOT;
import static io.zerofs.server.client.NinePClient.bytes;
import static io.zerofs.server.client.NinePClient.walkMessage;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.MessageHeader;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.Tmessage;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Version, authentication, attach, tags and flush. */
class SessionTest {
    @AutoClose
    private final NinePFixture fixture = new NinePFixture();

    @Test
    void messageSizeIsTheSmallerOfBoth() throws Exception {
        assertEquals(8192, fixture.connect().version(8192));
        assertEquals(NinePSettings.MESSAGE_BYTES_LIMIT, fixture.connect().version(64 << 20));
        assertEquals(NinePSettings.MESSAGE_BYTES_LIMIT, fixture.connect().version(-1));
    }

    @Test
    void tooSmallMessageSizeIsRefused() throws Exception {
        assertEquals(Errno.EINVAL, fixture.connect().error(new Tmessage.Tversion(4095, NinePClient.VERSION)));
    }

    @Test
    void otherDialectsAreUnknown() throws Exception {
        for (String dialect : new String[] {"9P2000", "9P2000.u", "", "9P2000.L2"}) {
            Rmessage.Rversion reply =
                    fixture.connect().ok(Rmessage.Rversion.class, new Tmessage.Tversion(8192, bytes(dialect)));
            assertEquals("unknown", new String(reply.version(), StandardCharsets.US_ASCII));
        }
    }

    @Test
    void nothingIsAnsweredBeforeVersion() throws Exception {
        DirectClient client = fixture.connect();
        client.send(1, new Tmessage.Tclunk(1));
        assertNotNull(client.closeReason());
    }

    @Test
    void frameBeyondTheMessageSizeClosesTheConnection() throws Exception {
        DirectClient client = fixture.connect();
        client.version(4096);
        client.send(1, new Tmessage.Twrite(1, 0, Unpooled.wrappedBuffer(new byte[4096])));
        assertNotNull(client.closeReason());
    }

    @Test
    void bigFrameBeforeVersionClosesTheConnection() {
        DirectClient client = fixture.connect();
        client.send(Unpooled.buffer().writeIntLE(1 << 20).writeByte(100));
        assertNotNull(client.closeReason());
    }

    @Test
    void malformedBodyIsAnsweredAndTheConnectionLives() throws Exception {
        DirectClient client = fixture.root();
        client.send(
                Unpooled.buffer().writeIntLE(8).writeByte(120).writeShortLE(7).writeByte(1));
        assertEquals(Errno.EPROTO, NinePClient.errno(client.await(7)));
        client.attributes(ROOT);
    }

    @Test
    void unknownMessageIsNotSupported() throws Exception {
        DirectClient client = fixture.root();
        for (int type : new int[] {0, 6, 7, 98, 106, 112, 124, 200, 255}) {
            client.send(Unpooled.buffer().writeIntLE(7).writeByte(type).writeShortLE(7));
            assertEquals(Errno.EOPNOTSUPP, NinePClient.errno(client.await(7)));
        }
        client.attributes(ROOT);
    }

    @Test
    void newVersionEndsAllFids() throws Exception {
        DirectClient client = fixture.root();
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
        client.version(8192);
        assertEquals(Errno.EBADF, client.error(new Tmessage.Tclunk(1)));
        assertEquals(Errno.EBADF, client.error(new Tmessage.Tclunk(ROOT)));
        client.attach(ROOT, 0);
    }

    @Test
    void authenticationIsRefused() throws Exception {
        DirectClient client = fixture.root();
        assertEquals(Errno.EOPNOTSUPP, client.error(new Tmessage.Tauth(5, bytes("root"), bytes("/"), 0)));
        assertEquals(Errno.EBADF, client.error(attach(5, 6, "root", "/", 0)));
    }

    @Test
    void attachNamesTheUserByNumberOrByText() throws Exception {
        DirectClient client = fixture.root();
        client.ok(new Tmessage.Tmkdir(ROOT, bytes("open"), 01777, 0));
        int fid = 10;
        for (Object[] each : new Object[][] {
            {"nobody", 1000, 1000},
            {"root", -1, 0},
            {"1234", -1, 1234},
            {"alice", -1, 65534},
            {"", -1, 65534},
            {"4294967294", -1, -2},
            {"99999999999", -1, 65534},
            {"-1", -1, 65534}
        }) {
            client.ok(attach(fid, MessageHeader.NO_FID, (String) each[0], "/open", (int) each[1]));
            client.create(fid, fid + 1, "file-" + fid, OpenFlags.READ_ONLY, 0600);
            assertEquals(each[2], client.attributes(fid + 1).uid());
            fid += 2;
        }
    }

    @Test
    void subdirectoryIsAttachedAndDotDotStaysInIt() throws Exception {
        DirectClient client = fixture.root();
        client.ok(new Tmessage.Tmkdir(ROOT, bytes("a"), 0700, 0));
        client.walk(ROOT, 1, "a");
        client.ok(new Tmessage.Tmkdir(1, bytes("b"), 0700, 0));
        client.ok(attach(2, MessageHeader.NO_FID, "", "a//b/", 1000));
        client.walk(2, 3, "..", "..");
        assertEquals(client.attributes(2).qid(), client.attributes(3).qid());
        assertEquals(Errno.ENOENT, client.error(attach(4, MessageHeader.NO_FID, "", "/nowhere", 0)));
        client.create(ROOT, 5, "file", OpenFlags.READ_ONLY, 0600);
        assertEquals(Errno.ENOTDIR, client.error(attach(4, MessageHeader.NO_FID, "", "/file", 0)));
        assertEquals(Errno.ENAMETOOLONG, client.error(attach(4, MessageHeader.NO_FID, "", "x".repeat(256), 0)));
        assertEquals(Errno.EBADF, client.error(attach(2, MessageHeader.NO_FID, "", "/", 0)));
        assertEquals(Errno.EBADF, client.error(attach(MessageHeader.NO_FID, MessageHeader.NO_FID, "", "/", 0)));
    }

    @Test
    void fidsAreLimited() throws Exception {
        NinePSettings few = NinePSettings.DEFAULT.withFidsMax(3).withClientShare(1);
        try (NinePFixture small = new NinePFixture(few)) {
            DirectClient client = small.root();
            client.walk(ROOT, 1);
            client.walk(ROOT, 2);
            assertEquals(Errno.ENFILE, client.error(walkMessage(ROOT, 3)));
            client.clunk(1);
            client.walk(ROOT, 3);
        }
    }

    @Test
    void flushOfNothingIsAnswered() throws Exception {
        assertNotNull(fixture.root().ok(Rmessage.Empty.class, new Tmessage.Tflush(77)));
    }

    @Test
    void requestThatHasNotBegunIsCancelledByFlush() throws Exception {
        DirectClient client = fixture.root();
        client.handOver(true);
        client.send(1, new Tmessage.Tmkdir(ROOT, bytes("d"), 0755, 0));
        client.send(2, new Tmessage.Tflush(1));
        assertTrue(client.hasReply(2));
        client.handOver(false);
        client.runWaiting();
        assertFalse(client.hasReply(1));
        assertEquals(Errno.ENOENT, client.error(walkMessage(ROOT, 1, "d")));
    }

    @Test
    void tagInUseClosesTheConnection() throws Exception {
        DirectClient client = fixture.root();
        client.handOver(true);
        client.send(1, new Tmessage.Tclunk(1));
        client.send(1, new Tmessage.Tclunk(2));
        assertNotNull(client.closeReason());
    }

    @Test
    void requestsOfAnOldSessionAreNotAnsweredInTheNext() throws Exception {
        DirectClient client = fixture.root();
        client.handOver(true);
        client.send(1, walkMessage(ROOT, 5));
        client.version(8192);
        client.runWaiting();
        assertFalse(client.hasReply(1));
        assertNull(client.closeReason());
    }

    private static Tmessage attach(int fid, int authFid, String user, String tree, int uid) {
        return new Tmessage.Tattach(fid, authFid, bytes(user), bytes(tree), uid);
    }
}
