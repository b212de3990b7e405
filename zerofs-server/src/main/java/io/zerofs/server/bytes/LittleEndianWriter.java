// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.bytes;

import io.netty.buffer.ByteBuf;

/** Writes little-endian integers and counted byte strings to a buffer that it borrows. Confined to one thread. */
public final class LittleEndianWriter {
    /** Maximum bytes of a byte string with a 16-bit length. */
    public static final int STRING_BYTES_MAX = 0xFFFF;

    private final ByteBuf out;

    public LittleEndianWriter(ByteBuf out) {
        this.out = out;
    }

    /** Returns the buffer to which it writes. */
    public ByteBuf buffer() {
        return out;
    }

    public LittleEndianWriter writeU8(int value) {
        out.writeByte(value);
        return this;
    }

    public LittleEndianWriter writeU16(int value) {
        out.writeShortLE(value);
        return this;
    }

    public LittleEndianWriter writeU32(int value) {
        out.writeIntLE(value);
        return this;
    }

    public LittleEndianWriter writeU64(long value) {
        out.writeLongLE(value);
        return this;
    }

    /** Writes a byte string with a 16-bit length. */
    public LittleEndianWriter writeString(byte[] bytes) {
        if (bytes.length > STRING_BYTES_MAX) {
            throw new IllegalArgumentException("string of " + bytes.length + " bytes");
        }
        out.writeShortLE(bytes.length);
        out.writeBytes(bytes);
        return this;
    }
}
