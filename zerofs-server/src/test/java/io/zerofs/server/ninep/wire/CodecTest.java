// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.zerofs.core.golden.GoldenBytes;
import io.zerofs.server.bytes.MalformedMessageException;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CodecTest {
    private final Map<String, String> golden = golden();

    @Test
    void everyTypeHasGoldenBytes() {
        for (MessageType type : MessageType.values()) {
            // Tauth is refused, so there is no reply but Rlerror.
            if (type != MessageType.RAUTH) {
                assertTrue(golden.containsKey(type.name()), type.name());
            }
        }
        assertEquals(MessageType.values().length - 1, golden.size());
    }

    @Test
    void requestsAreReadAsTheirGoldenBytesSay() throws MalformedMessageException {
        for (Tmessage sample : SampleMessages.requests().values()) {
            MessageType type = sample.type();
            assertEquals(golden.get(type.name()), hex(encode(sample)), type.name());
            ByteBuf bytes = bytes(golden.get(type.name()));
            assertEquals(bytes.readableBytes(), MessageHeader.length(bytes, 1 << 20));
            assertEquals(type.code(), MessageHeader.type(bytes));
            assertEquals(SampleMessages.tagOf(type), MessageHeader.tag(bytes));
            Tmessage decoded = TmessageDecoder.decode(type, bytes.skipBytes(MessageHeader.HEADER_BYTES));
            assertEquals(golden.get(type.name()), hex(encode(decoded)), type.name());
        }
    }

    @Test
    void repliesAreWrittenAsTheirGoldenBytesSay() throws MalformedMessageException {
        for (Rmessage sample : SampleMessages.replies().values()) {
            MessageType type = sample.type();
            int tag = SampleMessages.tagOf(type);
            ByteBuf bytes = RmessageEncoder.encode(UnpooledByteBufAllocator.DEFAULT, tag, sample);
            assertEquals(golden.get(type.name()), hex(bytes), type.name());
            Rmessage decoded = RmessageDecoder.decode(bytes);
            ByteBuf again = RmessageEncoder.encode(UnpooledByteBufAllocator.DEFAULT, tag, decoded);
            assertEquals(golden.get(type.name()), hex(again), type.name());
            if (again != bytes) {
                again.release();
            }
            bytes.release();
        }
    }

    @Test
    void everyTruncationAndEveryExtraByteIsMalformed() {
        for (Tmessage sample : SampleMessages.requests().values()) {
            ByteBuf body = encode(sample).skipBytes(MessageHeader.HEADER_BYTES);
            for (int length = 0; length < body.readableBytes(); length++) {
                // Tfsync of old clients ends after the fid.
                if (sample.type() != MessageType.TFSYNC || length != Integer.BYTES) {
                    assertMalformed(sample.type(), body.slice(body.readerIndex(), length));
                }
            }
            assertMalformed(sample.type(), Unpooled.wrappedBuffer(body, Unpooled.wrappedBuffer(new byte[1])));
        }
    }

    @Test
    void walkOfSeventeenNamesIsMalformed() {
        byte[][] names = new byte[TmessageDecoder.WALK_NAMES_MAX + 1][1];
        assertMalformed(
                MessageType.TWALK, encode(new Tmessage.Twalk(1, 2, names)).skipBytes(MessageHeader.HEADER_BYTES));
    }

    @Test
    void frameOutsideItsLimitsIsMalformed() throws MalformedMessageException {
        assertEquals(0, MessageHeader.length(Unpooled.wrappedBuffer(new byte[3]), 100));
        assertEquals(7, MessageHeader.length(Unpooled.buffer().writeIntLE(7), 100));
        assertEquals(100, MessageHeader.length(Unpooled.buffer().writeIntLE(100), 100));
        for (int size : new int[] {0, 6, 101, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
            ByteBuf header = Unpooled.buffer().writeIntLE(size);
            assertThrows(MalformedMessageException.class, () -> MessageHeader.length(header, 100));
        }
    }

    private static void assertMalformed(MessageType type, ByteBuf body) {
        assertThrows(MalformedMessageException.class, () -> TmessageDecoder.decode(type, body), type.name());
    }

    private static ByteBuf encode(Tmessage message) {
        return TmessageEncoder.encode(SampleMessages.tagOf(message.type()), message);
    }

    private static ByteBuf bytes(String hex) {
        return Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex));
    }

    private static String hex(ByteBuf bytes) {
        return ByteBufUtil.hexDump(bytes);
    }

    private static Map<String, String> golden() {
        Map<String, String> frames = new TreeMap<>();
        try {
            GoldenBytes bytes = GoldenBytes.load("ninep/messages.txt");
            for (String name : bytes.names()) {
                frames.put(name.toUpperCase(Locale.ROOT), ByteBufUtil.hexDump(bytes.get(name)));
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return frames;
    }
}
