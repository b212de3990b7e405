// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** Writes the server's messages before the transmission phase ("Fixed newstyle negotiation"). */
public final class Handshake {
    /** Bytes of the client's flags, which it sends first. */
    public static final int CLIENT_FLAGS_BYTES = 4;

    /** Block sizes of every export in bytes: any byte range, 4 KiB preferred, and the protocol's own payload limit. */
    public static final int BLOCK_BYTES_MIN = 1;

    public static final int BLOCK_BYTES_PREFERRED = 4096;
    public static final int PAYLOAD_BYTES_MAX = 32 * 1024 * 1024;

    /** Maximum bytes of {@link #server} for the name of a file, with room for the end of the list. */
    public static final int SERVER_BYTES_MAX = 1_024;

    /** "NBDMAGIC". */
    static final long INIT_MAGIC = 0x4e42444d41474943L;

    static final long OPTION_REPLY_MAGIC = 0x3e889045565a9L;
    static final int EXPORT_NAME_ZERO_BYTES = 124;

    private Handshake() {}

    /** Writes the server's first message. */
    public static void greeting(ByteBuf out) {
        out.writeLong(INIT_MAGIC).writeLong(OptionHeader.MAGIC);
        out.writeShort(HandshakeFlag.FIXED_NEWSTYLE.mask() | HandshakeFlag.NO_ZEROES.mask());
    }

    /** Returns whether a client may set these flags. If not, the protocol requires that the server drops the connection. */
    public static boolean knowsClientFlags(int flags) {
        return (flags & ~(HandshakeFlag.FIXED_NEWSTYLE.mask() | HandshakeFlag.NO_ZEROES.mask())) == 0;
    }

    /** Writes the answer to EXPORT_NAME, after which the transmission phase begins. */
    public static void exportNameReply(ByteBuf out, long size, int transmissionFlags, boolean zeroes) {
        out.writeLong(size).writeShort(transmissionFlags);
        if (zeroes) {
            out.writeZero(EXPORT_NAME_ZERO_BYTES);
        }
    }

    public static void ack(ByteBuf out, int option) {
        replyHeader(out, option, OptionReplyType.ACK, 0);
    }

    /** Writes an error with a sentence for a person. */
    public static void error(ByteBuf out, int option, OptionReplyType error, String message) {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        replyHeader(out, option, error, text.length);
        out.writeBytes(text);
    }

    /** Writes one export of a list. */
    public static void server(ByteBuf out, int option, String name) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        replyHeader(out, option, OptionReplyType.SERVER, Integer.BYTES + text.length);
        out.writeInt(text.length).writeBytes(text);
    }

    public static void infoExport(ByteBuf out, int option, long size, int transmissionFlags) {
        replyHeader(out, option, OptionReplyType.INFO, Short.BYTES + Long.BYTES + Short.BYTES);
        out.writeShort(InfoType.EXPORT.code()).writeLong(size).writeShort(transmissionFlags);
    }

    public static void infoName(ByteBuf out, int option, String name) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        replyHeader(out, option, OptionReplyType.INFO, Short.BYTES + text.length);
        out.writeShort(InfoType.NAME.code()).writeBytes(text);
    }

    public static void infoBlockSize(ByteBuf out, int option) {
        replyHeader(out, option, OptionReplyType.INFO, Short.BYTES + 3 * Integer.BYTES);
        out.writeShort(InfoType.BLOCK_SIZE.code());
        out.writeInt(BLOCK_BYTES_MIN).writeInt(BLOCK_BYTES_PREFERRED).writeInt(PAYLOAD_BYTES_MAX);
    }

    public static void metaContext(ByteBuf out, int option, int id, String name) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        replyHeader(out, option, OptionReplyType.META_CONTEXT, Integer.BYTES + text.length);
        out.writeInt(id).writeBytes(text);
    }

    private static void replyHeader(ByteBuf out, int option, OptionReplyType type, int dataBytes) {
        out.writeLong(OPTION_REPLY_MAGIC).writeInt(option).writeInt(type.code()).writeInt(dataBytes);
    }
}
