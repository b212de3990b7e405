// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.zerofs.core.random.Mutations;
import io.zerofs.server.fuzz.FuzzConnection;
import io.zerofs.server.fuzz.FuzzVolume;
import io.zerofs.server.ninep.wire.GetattrMask;
import io.zerofs.server.ninep.wire.MessageHeader;
import io.zerofs.server.ninep.wire.MessageType;
import io.zerofs.server.ninep.wire.SampleMessages;
import io.zerofs.server.ninep.wire.Tmessage;
import io.zerofs.server.ninep.wire.TmessageEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Bytes in place of 9P messages, after a client has attached and walked to a directory and to a file. */
final class NinePFuzzTest {
    private static final int ROUNDS = 40_000;

    private static final byte[] BEGINNING = bytes(
            new Tmessage.Tversion(8_192, text("9P2000.L")),
            new Tmessage.Tattach(1, MessageHeader.NO_FID, text("root"), text(""), 0),
            new Tmessage.Twalk(1, 2, new byte[][] {text("dir")}),
            new Tmessage.Twalk(1, 3, new byte[][] {text("file")}),
            new Tmessage.Tlopen(3, 2));

    private static FuzzVolume volume;
    private static NinePServer server;

    @Test
    void anyMessagesAreAnsweredOrRefusedAndDisturbNoOther() throws Exception {
        List<byte[]> samples = new ArrayList<>();
        List<Tmessage> messages = new ArrayList<>(SampleMessages.requests().values());
        messages.forEach(message -> samples.add(bytes(message)));
        for (int i = 0; i + 3 < messages.size(); i++) {
            samples.add(bytes(messages.subList(i, i + 3).toArray(Tmessage[]::new)));
        }
        Mutations.run(samples, ROUNDS, NinePFuzzTest::fuzzerTestOneInput);
    }

    /** The messages of a client with fid 1 for the root, 2 for a directory and 3 for an open file. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        FuzzVolume next = FuzzVolume.next(volume);
        if (next != volume) {
            volume = next;
            server = new NinePServer(volume.files(), NinePSettings.DEFAULT);
        }
        FuzzConnection connection = new FuzzConnection(server);
        connection.feed(BEGINNING);
        Mutations.bounded(input.length, () -> connection.feed(input));
        connection.end();
        assertEquals(0, server.fids().used(), "fids are left");
        assertEquals(0, server.locks().heldCount() + server.locks().waiterCount(), "locks are left");
        assertEquals(0, server.xattrs().used(), "extended attributes are left");
        FuzzConnection beside = new FuzzConnection(server);
        beside.feed(bytes(
                new Tmessage.Tversion(8_192, text("9P2000.L")),
                new Tmessage.Tattach(1, MessageHeader.NO_FID, text("root"), text(""), 0),
                new Tmessage.Tgetattr(1, GetattrMask.ALL)));
        assertFalse(beside.isClosed());
        assertEquals(
                (byte) MessageType.RGETATTR.code(),
                beside.replies().get(2)[MessageHeader.TYPE_OFFSET],
                "another client's getattr");
        beside.end();
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] bytes(Tmessage... messages) {
        ByteBuf bytes = Unpooled.buffer();
        for (Tmessage message : messages) {
            TmessageEncoder.encodeTo(bytes, SampleMessages.tagOf(message.type()), message);
        }
        return ByteBufUtil.getBytes(bytes);
    }
}
