// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.zerofs.server.bytes.LittleEndianWriter;

/** Encodes replies as messages. */
public final class RmessageEncoder {
    private RmessageEncoder() {}

    /** Returns a whole message, which the caller owns. For a reply with data it is the buffer of the reply itself. */
    public static ByteBuf encode(ByteBufAllocator allocator, int tag, Rmessage message) {
        ByteBuf bytes;
        if (message instanceof Rmessage.Data data) {
            bytes = data.bytes();
        } else {
            bytes = allocator.directBuffer(MessageHeader.HEADER_BYTES + message.bodyBytesMax());
            bytes.writerIndex(MessageHeader.HEADER_BYTES);
        }
        message.writeBody(new LittleEndianWriter(bytes));
        return MessageHeader.seal(bytes, message.type(), tag);
    }

    /**
     * Returns a reply with data, still empty. The caller writes data from {@link MessageHeader#DATA_OFFSET} on.
     *
     * @param dataBytesMax maximum bytes of the data
     */
    public static ByteBuf newDataMessage(ByteBufAllocator allocator, int dataBytesMax) {
        int bytesMax = MessageHeader.DATA_OFFSET + dataBytesMax;
        return allocator.directBuffer(bytesMax, bytesMax).writerIndex(MessageHeader.DATA_OFFSET);
    }
}
