// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.zerofs.server.bytes.LittleEndianWriter;

/** Makes frames of replies. */
public final class RmessageEncoder {
    private RmessageEncoder() {}

    /** A whole frame, owned by the caller. Takes over the buffer of a reply with data, and sends that one. */
    public static ByteBuf encode(ByteBufAllocator allocator, int tag, Rmessage message) {
        ByteBuf frame;
        if (message instanceof Rmessage.Data data) {
            frame = data.frame();
        } else {
            frame = allocator.directBuffer(Frame.HEADER_BYTES + message.bodyBytesMax());
            frame.writerIndex(Frame.HEADER_BYTES);
        }
        message.writeBody(new LittleEndianWriter(frame));
        return Frame.seal(frame, message.type(), tag);
    }

    /**
     * An empty reply with data, to be filled from {@link Frame#DATA_OFFSET} on.
     *
     * @param dataBytesMax how much data will follow at most
     */
    public static ByteBuf newDataFrame(ByteBufAllocator allocator, int dataBytesMax) {
        int bytesMax = Frame.DATA_OFFSET + dataBytesMax;
        return allocator.directBuffer(bytesMax, bytesMax).writerIndex(Frame.DATA_OFFSET);
    }
}
