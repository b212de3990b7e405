// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.zerofs.core.golden.GoldenBytes;
import io.zerofs.server.bytes.MalformedMessageException;
import java.io.IOException;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class NbdGoldenTest {
    private static final long COOKIE = 0x1122334455667788L;
    private static final long SIZE = 10 << 20;
    private static final int FLAGS = 0x16d;

    private final GoldenBytes golden = GoldenBytes.load("nbd.hex");

    NbdGoldenTest() throws IOException {}

    @Test
    void theServerWritesTheGoldenBytes() {
        Map<String, Consumer<ByteBuf>> messages = new LinkedHashMap<>();
        messages.put("greeting", Handshake::greeting);
        messages.put("reply ACK to STRUCTURED_REPLY", out -> Handshake.ack(out, 8));
        messages.put("reply ERR_UNSUP to STARTTLS", out -> Handshake.error(out, 5, OptionReplyType.ERR_UNSUP, "no"));
        messages.put("reply SERVER disk0", out -> Handshake.server(out, 3, "disk0"));
        messages.put("reply INFO EXPORT of 10 MiB", out -> Handshake.infoExport(out, 7, SIZE, FLAGS));
        messages.put("reply INFO NAME disk0", out -> Handshake.infoName(out, 7, "disk0"));
        messages.put("reply INFO BLOCK_SIZE", out -> Handshake.infoBlockSize(out, 7));
        messages.put("reply META_CONTEXT base:allocation", out -> Handshake.metaContext(out, 10, 1, "base:allocation"));
        messages.put("reply to EXPORT_NAME without zeroes", out -> Handshake.exportNameReply(out, SIZE, FLAGS, false));
        messages.put("simple success", out -> NbdReplies.simpleSuccess(out, COOKIE));
        messages.put("simple ENOSPC", out -> NbdReplies.simpleError(out, COOKIE, NbdErrno.ENOSPC));
        messages.put("chunk NONE", out -> NbdReplies.none(out, COOKIE));
        messages.put(
                "chunk OFFSET_DATA of 3 bytes, not the last",
                out -> NbdReplies.dataHeader(out, COOKIE, 0x100000200L, 3, false));
        messages.put(
                "chunk OFFSET_HOLE of 256 KiB, the last",
                out -> NbdReplies.hole(out, COOKIE, 256 << 10, 256 << 10, true));
        messages.put("chunk ERROR EINVAL", out -> NbdReplies.error(out, COOKIE, NbdErrno.EINVAL, "no"));
        messages.put(
                "chunk BLOCK_STATUS of data and hole",
                out -> NbdReplies.blockStatus(
                        out,
                        COOKIE,
                        1,
                        List.of(new BlockExtent(256 << 10, false), new BlockExtent(0xfffc0000L, true))));
        messages.forEach((name, message) -> assertEquals(hex(golden.get(name)), hex(written(message)), name));
    }

    @Test
    void optionsAreRead() throws MalformedMessageException {
        assertEquals(
                new OptionRequest.Select(NbdOption.GO, "disk0", EnumSet.of(InfoType.NAME, InfoType.BLOCK_SIZE)),
                option("option GO disk0 asking for NAME, BLOCK_SIZE and an unknown type"));
        assertEquals(
                new OptionRequest.MetaContext(NbdOption.SET_META_CONTEXT, "disk0", List.of("base:allocation")),
                option("option SET_META_CONTEXT disk0 base:allocation"));
        assertEquals(new OptionRequest.StartTls(), option("option STARTTLS"));
    }

    @Test
    void requestsAreRead() throws MalformedMessageException {
        assertEquals(
                new NbdRequest(NbdCommand.WRITE, CommandFlag.FUA.mask(), COOKIE, 0x100000200L, 4),
                request("request WRITE with FUA"));
        assertEquals(
                new NbdRequest(NbdCommand.READ, CommandFlag.DF.mask(), Long.MIN_VALUE, -1, 0xffffffffL),
                request("request READ of the last offset, DF"));
        assertEquals(
                new NbdRequest(NbdCommand.UNKNOWN, 0xffff, 1, 0, 0),
                request("request with an unknown command and flags"));
    }

    @Test
    void exportNameEndsWithZeroesForOldClients() {
        byte[] reply = written(out -> Handshake.exportNameReply(out, SIZE, FLAGS, true));
        assertEquals(hex(golden.get("reply to EXPORT_NAME without zeroes")) + "00".repeat(124), hex(reply));
    }

    private OptionRequest option(String name) throws MalformedMessageException {
        ByteBuf in = Unpooled.wrappedBuffer(golden.get(name));
        OptionHeader header = OptionHeader.decode(in);
        assertEquals(in.readableBytes(), header.dataBytes(), name);
        return OptionCodec.decode(header.code(), in);
    }

    private NbdRequest request(String name) throws MalformedMessageException {
        ByteBuf in = Unpooled.wrappedBuffer(golden.get(name));
        assertEquals(NbdRequest.HEADER_BYTES, in.readableBytes(), name);
        return NbdRequest.decode(in);
    }

    private static byte[] written(Consumer<ByteBuf> message) {
        ByteBuf out = Unpooled.buffer();
        message.accept(out);
        return ByteBufUtil.getBytes(out);
    }

    private static String hex(byte[] bytes) {
        return ByteBufUtil.hexDump(bytes);
    }
}
