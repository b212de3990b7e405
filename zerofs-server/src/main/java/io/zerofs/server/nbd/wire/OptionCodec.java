// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.MalformedMessageException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Decodes the data of options. It checks every length against the bytes that are there before it allocates anything. */
public final class OptionCodec {
    /** Maximum bytes of a string of the protocol ("Conventions"). */
    public static final int STRING_BYTES_MAX = 4096;

    private OptionCodec() {}

    /** Decodes the whole of {@code data}, which is borrowed and holds nothing else. */
    public static OptionRequest decode(int code, ByteBuf data) throws MalformedMessageException {
        NbdOption option = NbdOption.of(code);
        if (option == null) {
            return new OptionRequest.Unsupported(code);
        }
        return switch (option) {
            case EXPORT_NAME -> new OptionRequest.ExportName(text(data, data.readableBytes()));
            case ABORT -> new OptionRequest.Abort();
            case LIST -> requireEnd(data, new OptionRequest.ListExports());
            case INFO, GO -> requireEnd(data, new OptionRequest.Select(option, countedText(data), wanted(data)));
            case STRUCTURED_REPLY -> requireEnd(data, new OptionRequest.StructuredReply());
            case LIST_META_CONTEXT, SET_META_CONTEXT ->
                requireEnd(data, new OptionRequest.MetaContext(option, countedText(data), queries(data)));
            case STARTTLS -> requireEnd(data, new OptionRequest.StartTls());
            case PEEK_EXPORT, EXTENDED_HEADERS -> new OptionRequest.Unsupported(code);
        };
    }

    private static Set<InfoType> wanted(ByteBuf data) throws MalformedMessageException {
        require(data, Short.BYTES);
        int count = data.readUnsignedShort();
        require(data, count * Short.BYTES);
        Set<InfoType> wanted = EnumSet.noneOf(InfoType.class);
        for (int i = 0; i < count; i++) {
            InfoType type = InfoType.of(data.readUnsignedShort());
            if (type != null) {
                wanted.add(type);
            }
        }
        return wanted;
    }

    private static List<String> queries(ByteBuf data) throws MalformedMessageException {
        require(data, Integer.BYTES);
        long count = data.readUnsignedInt();
        if (count > data.readableBytes() / Integer.BYTES) {
            throw new MalformedMessageException(count + " queries in " + data.readableBytes() + " bytes");
        }
        List<String> queries = new ArrayList<>((int) count);
        for (int i = 0; i < count; i++) {
            queries.add(countedText(data));
        }
        return queries;
    }

    private static String countedText(ByteBuf data) throws MalformedMessageException {
        require(data, Integer.BYTES);
        return text(data, data.readUnsignedInt());
    }

    private static String text(ByteBuf data, long length) throws MalformedMessageException {
        if (length > STRING_BYTES_MAX) {
            throw new MalformedMessageException(
                    "string of " + length + " bytes where at most " + STRING_BYTES_MAX + " are allowed");
        }
        byte[] bytes = new byte[require(data, (int) length)];
        data.readBytes(bytes);
        String text = decodeText(bytes);
        if (text == null) {
            throw new MalformedMessageException("a string is not UTF-8, or has a NUL in it");
        }
        return text;
    }

    /** Returns the text of these bytes; null if they are no string of this protocol, which requires UTF-8 without NUL. */
    public static String decodeText(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.indexOf('\0') < 0 ? text : null;
        } catch (CharacterCodingException notText) {
            return null;
        }
    }

    private static int require(ByteBuf data, int bytes) throws MalformedMessageException {
        if (data.readableBytes() < bytes) {
            throw new MalformedMessageException(
                    "option ends where " + bytes + " more bytes were expected, " + data.readableBytes() + " are left");
        }
        return bytes;
    }

    private static OptionRequest requireEnd(ByteBuf data, OptionRequest request) throws MalformedMessageException {
        if (data.isReadable()) {
            throw new MalformedMessageException(data.readableBytes() + " bytes follow the end of the option");
        }
        return request;
    }
}
