// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes the replies of the transmission phase. Every method appends one whole message, or for data the header before it,
 * to a buffer that has room for it or grows.
 *
 * <pre>
 * simple      | u32 magic | u32 error | u64 cookie | data of a READ
 * structured  | u32 magic | u16 flags | u16 type | u64 cookie | u32 length | payload
 * </pre>
 */
public final class NbdReplies {
    public static final int SIMPLE_BYTES = 16;
    public static final int CHUNK_HEADER_BYTES = 20;
    /** Bytes of header and offset, before the data of an OFFSET_DATA chunk. */
    public static final int DATA_HEADER_BYTES = CHUNK_HEADER_BYTES + Long.BYTES;
    /** Bytes of a whole OFFSET_HOLE chunk. */
    public static final int HOLE_BYTES = DATA_HEADER_BYTES + Integer.BYTES;
    /** Bytes of one descriptor of a block status. */
    public static final int EXTENT_BYTES = 8;

    static final int SIMPLE_MAGIC = 0x67446698;
    static final int STRUCTURED_MAGIC = 0x668e33ef;
    static final int FLAG_DONE = 1;
    static final int ERROR_FIXED_BYTES = 6;

    /** The type of a chunk ("Structured reply types"). */
    enum ChunkType {
        NONE(0),
        OFFSET_DATA(1),
        OFFSET_HOLE(2),
        BLOCK_STATUS(5),
        ERROR(1 << 15 | 1),
        ERROR_OFFSET(1 << 15 | 2);

        private final int code;

        ChunkType(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    private NbdReplies() {}

    /** Writes a simple reply that reports success; for a read the data follows. */
    public static void simpleSuccess(ByteBuf out, long cookie) {
        out.writeInt(SIMPLE_MAGIC).writeInt(0).writeLong(cookie);
    }

    public static void simpleError(ByteBuf out, long cookie, NbdErrno error) {
        out.writeInt(SIMPLE_MAGIC).writeInt(error.code()).writeLong(cookie);
    }

    /** Writes the last chunk of a reply, without content. */
    public static void none(ByteBuf out, long cookie) {
        chunk(out, ChunkType.NONE, cookie, 0, true);
    }

    /** Writes the header of a chunk of this many bytes of data, which follow. */
    public static void dataHeader(ByteBuf out, long cookie, long offset, int dataBytes, boolean last) {
        chunk(out, ChunkType.OFFSET_DATA, cookie, Long.BYTES + dataBytes, last);
        out.writeLong(offset);
    }

    public static void hole(ByteBuf out, long cookie, long offset, int holeBytes, boolean last) {
        chunk(out, ChunkType.OFFSET_HOLE, cookie, Long.BYTES + Integer.BYTES, last);
        out.writeLong(offset).writeInt(holeBytes);
    }

    /** Writes an error that ends a reply, with a sentence for a person. */
    public static void error(ByteBuf out, long cookie, NbdErrno error, String message) {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        chunk(out, ChunkType.ERROR, cookie, ERROR_FIXED_BYTES + text.length, true);
        out.writeInt(error.code()).writeShort(text.length).writeBytes(text);
    }

    /** Returns the bytes of {@link #blockStatus} with this many extents. */
    public static int blockStatusBytes(int extents) {
        return CHUNK_HEADER_BYTES + Integer.BYTES + extents * EXTENT_BYTES;
    }

    /** Writes consecutive extents of one metadata context, and the end of the reply. */
    public static void blockStatus(ByteBuf out, long cookie, int context, List<BlockExtent> extents) {
        int payload = Integer.BYTES + extents.size() * EXTENT_BYTES;
        chunk(out, ChunkType.BLOCK_STATUS, cookie, payload, true);
        out.writeInt(context);
        for (BlockExtent extent : extents) {
            out.writeInt((int) extent.length()).writeInt(extent.state());
        }
    }

    private static void chunk(ByteBuf out, ChunkType type, long cookie, int payloadBytes, boolean last) {
        out.writeInt(STRUCTURED_MAGIC).writeShort(last ? FLAG_DONE : 0).writeShort(type.code());
        out.writeLong(cookie).writeInt(payloadBytes);
    }
}
