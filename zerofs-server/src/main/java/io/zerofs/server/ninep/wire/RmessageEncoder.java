// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.zerofs.server.bytes.LittleEndianWriter;

/** Makes messages of replies. */
public final class RmessageEncoder {
    private RmessageEncoder() {}

    /** A whole message, owned by the caller. Takes over the buffer of a reply with data, and sends that one. */
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
     * An empty reply with data, to be filled from {@link MessageHeader#DATA_OFFSET} on.
     *
     * @param dataBytesMax how much data will follow at most
     */
    public static ByteBuf newDataMessage(ByteBufAllocator allocator, int dataBytesMax) {
        int bytesMax = MessageHeader.DATA_OFFSET + dataBytesMax;
        return allocator.directBuffer(bytesMax, bytesMax).writerIndex(MessageHeader.DATA_OFFSET);
    }
}
