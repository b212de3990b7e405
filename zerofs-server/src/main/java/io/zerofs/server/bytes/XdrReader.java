// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.bytes;

import io.netty.buffer.ByteBuf;

/**
 * Reads XDR (RFC 4506) from a buffer that it borrows. Every method checks the remaining bytes and its caller's limit
 * before it allocates. Confined to one thread.
 */
public final class XdrReader {
    private final ByteBuf in;

    public XdrReader(ByteBuf in) {
        this.in = in;
    }

    public int remaining() {
        return in.readableBytes();
    }

    /** Reads an int (RFC 4506 §4.1), or the bits of an unsigned int (§4.2). */
    public int readInt() throws MalformedMessageException {
        require(Integer.BYTES);
        return in.readInt();
    }

    /** Reads a hyper, or the bits of an unsigned hyper (RFC 4506 §4.5). */
    public long readLong() throws MalformedMessageException {
        require(Long.BYTES);
        return in.readLong();
    }

    /** Reads a boolean, which must be 0 or 1 (RFC 4506 §4.4). */
    public boolean readBoolean() throws MalformedMessageException {
        int value = readInt();
        if (value != 0 && value != 1) {
            throw new MalformedMessageException("boolean of value " + Integer.toUnsignedString(value));
        }
        return value == 1;
    }

    /** Reads fixed-length opaque data (RFC 4506 §4.9) and copies it. */
    public byte[] readFixedOpaque(int length) throws MalformedMessageException {
        require(padded(length));
        byte[] bytes = new byte[length];
        in.readBytes(bytes);
        in.skipBytes(padding(length));
        return bytes;
    }

    /** Reads variable-length opaque data (RFC 4506 §4.10) or a string (§4.11) and copies it. */
    public byte[] readOpaque(int lengthMax) throws MalformedMessageException {
        return readFixedOpaque(readLength(lengthMax));
    }

    /** Reads variable-length opaque data as a slice that lives as long as the borrowed buffer; not retained. */
    public ByteBuf readOpaqueSlice(int lengthMax) throws MalformedMessageException {
        int length = readLength(lengthMax);
        ByteBuf slice = readSlice(length);
        // Some clients leave out the padding at the very end of a call.
        in.skipBytes(Math.min(padding(length), in.readableBytes()));
        return slice;
    }

    /** Reads bytes as a slice that lives as long as the borrowed buffer; not retained. */
    public ByteBuf readSlice(int length) throws MalformedMessageException {
        require(length);
        return in.readSlice(length);
    }

    /** Reads a length or count, which must not exceed the limit. */
    public int readLength(int max) throws MalformedMessageException {
        int length = readInt();
        if (length < 0 || length > max) {
            throw new MalformedMessageException(
                    "length " + Integer.toUnsignedString(length) + " where at most " + max + " is allowed");
        }
        return length;
    }

    private void require(int bytes) throws MalformedMessageException {
        if (in.readableBytes() < bytes) {
            throw new MalformedMessageException(
                    "message ends where " + bytes + " more bytes were expected, " + in.readableBytes() + " are left");
        }
    }

    private static int padded(int length) {
        return length + padding(length);
    }

    /** Returns the number of zero bytes that fill opaque data up to a multiple of four bytes. */
    static int padding(int length) {
        return -length & 3;
    }
}
