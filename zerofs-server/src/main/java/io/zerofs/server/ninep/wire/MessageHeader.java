// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.MalformedMessageException;

/**
 * The header of each message, all numbers little-endian:
 *
 * <pre>
 *  0        4      5       7
 * +--------+------+-------+----------------------+
 * | size   | type | tag   | body                 |
 * | u32    | u8   | u16   | bytes[size - 7]      |
 * +--------+------+-------+----------------------+
 * </pre>
 */
public final class MessageHeader {
    public static final int TYPE_OFFSET = Integer.BYTES;
    public static final int TAG_OFFSET = TYPE_OFFSET + Byte.BYTES;
    public static final int HEADER_BYTES = TAG_OFFSET + Short.BYTES;

    /** Bytes before the data of a reply: header and count. */
    public static final int DATA_OFFSET = HEADER_BYTES + Integer.BYTES;

    /** Bytes before the data of a Twrite: header, fid, offset and count. */
    public static final int WRITE_DATA_OFFSET = HEADER_BYTES + Integer.BYTES + Long.BYTES + Integer.BYTES;

    /** The tag of Tversion (P9_NOTAG). */
    public static final int NO_TAG = 0xFFFF;

    /** The number that means no fid (P9_NOFID). */
    public static final int NO_FID = -1;

    private MessageHeader() {}

    /**
     * Returns the length of the message at the reader index, or 0 if its size has not arrived yet.
     *
     * @param bytesMax maximum bytes of a message now
     */
    public static int length(ByteBuf received, int bytesMax) throws MalformedMessageException {
        if (received.readableBytes() < Integer.BYTES) {
            return 0;
        }
        int size = received.getIntLE(received.readerIndex());
        if (size < HEADER_BYTES || size > bytesMax) {
            throw new MalformedMessageException("message of " + Integer.toUnsignedString(size) + " bytes, where "
                    + HEADER_BYTES + " to " + bytesMax + " are allowed");
        }
        return size;
    }

    /** Returns the type code of the message at the reader index. */
    public static int type(ByteBuf bytes) {
        return bytes.getUnsignedByte(bytes.readerIndex() + TYPE_OFFSET);
    }

    /** Returns the tag of the message at the reader index. */
    public static int tag(ByteBuf bytes) {
        return bytes.getUnsignedShortLE(bytes.readerIndex() + TAG_OFFSET);
    }

    /** Writes the header into the first bytes of a message that is otherwise complete. */
    static ByteBuf seal(ByteBuf bytes, MessageType type, int tag) {
        bytes.setIntLE(0, bytes.writerIndex());
        bytes.setByte(TYPE_OFFSET, type.code());
        bytes.setShortLE(TAG_OFFSET, tag);
        return bytes;
    }
}
