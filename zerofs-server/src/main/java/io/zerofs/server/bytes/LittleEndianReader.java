// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.bytes;

import io.netty.buffer.ByteBuf;

/**
 * Reads little-endian integers and counted byte strings, as 9P has them, from a buffer that it borrows. Every method
 * checks the remaining bytes and its caller's limit before it allocates. Confined to one thread.
 */
public final class LittleEndianReader {
    private final ByteBuf in;

    public LittleEndianReader(ByteBuf in) {
        this.in = in;
    }

    public int remaining() {
        return in.readableBytes();
    }

    /** Reads an unsigned byte. */
    public int readU8() throws MalformedMessageException {
        require(Byte.BYTES);
        return in.readUnsignedByte();
    }

    /** Reads an unsigned 16-bit number. */
    public int readU16() throws MalformedMessageException {
        require(Short.BYTES);
        return in.readUnsignedShortLE();
    }

    /** Reads the bits of an unsigned 32-bit number. */
    public int readU32() throws MalformedMessageException {
        require(Integer.BYTES);
        return in.readIntLE();
    }

    /** Reads the bits of an unsigned 64-bit number. */
    public long readU64() throws MalformedMessageException {
        require(Long.BYTES);
        return in.readLongLE();
    }

    /** Reads a byte string with a 16-bit length and copies it. */
    public byte[] readString(int lengthMax) throws MalformedMessageException {
        int length = readU16();
        if (length > lengthMax) {
            throw new MalformedMessageException("string of " + length + " bytes where at most " + lengthMax + " fit");
        }
        require(length);
        byte[] bytes = new byte[length];
        in.readBytes(bytes);
        return bytes;
    }

    /** Reads a byte string with a 32-bit length as a slice that lives as long as the borrowed buffer; not retained. */
    public ByteBuf readDataSlice(int lengthMax) throws MalformedMessageException {
        int length = readU32();
        if (length < 0 || length > lengthMax) {
            throw new MalformedMessageException(
                    "data of " + Integer.toUnsignedString(length) + " bytes where at most " + lengthMax + " fit");
        }
        require(length);
        return in.readSlice(length);
    }

    /** Checks that the message ends here. */
    public void requireEnd() throws MalformedMessageException {
        if (in.isReadable()) {
            throw new MalformedMessageException(in.readableBytes() + " bytes follow the end of the message");
        }
    }

    private void require(int bytes) throws MalformedMessageException {
        if (in.readableBytes() < bytes) {
            throw new MalformedMessageException(
                    "message ends where " + bytes + " more bytes were expected, " + in.readableBytes() + " are left");
        }
    }
}
