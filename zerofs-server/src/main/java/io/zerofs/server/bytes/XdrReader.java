// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.bytes;

import io.netty.buffer.ByteBuf;

/**
 * Reads XDR (RFC 4506) from a buffer that it borrows. Every method checks what remains, and the limit its caller gives,
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

    /** RFC 4506 §4.1, §4.2: also for unsigned int, as its bits. */
    public int readInt() throws MalformedMessageException {
        require(Integer.BYTES);
        return in.readInt();
    }

    /** RFC 4506 §4.5: also for unsigned hyper, as its bits. */
    public long readLong() throws MalformedMessageException {
        require(Long.BYTES);
        return in.readLong();
    }

    /** RFC 4506 §4.4: 0 or 1, nothing else. */
    public boolean readBoolean() throws MalformedMessageException {
        int value = readInt();
        if (value != 0 && value != 1) {
            throw new MalformedMessageException("boolean of value " + Integer.toUnsignedString(value));
        }
        return value == 1;
    }

    /** RFC 4506 §4.9: fixed-length opaque data. */
    public byte[] readFixedOpaque(int length) throws MalformedMessageException {
        require(padded(length));
        byte[] bytes = new byte[length];
        in.readBytes(bytes);
        in.skipBytes(padding(length));
        return bytes;
    }

    /** RFC 4506 §4.10, §4.11: variable-length opaque data or a string, copied. */
    public byte[] readOpaque(int lengthMax) throws MalformedMessageException {
        return readFixedOpaque(readLength(lengthMax));
    }

    /** Variable-length opaque data as a slice that lives as long as the buffer read from; not retained. */
    public ByteBuf readOpaqueSlice(int lengthMax) throws MalformedMessageException {
        int length = readLength(lengthMax);
        ByteBuf slice = readSlice(length);
        // Some clients leave out the padding at the very end of a call.
        in.skipBytes(Math.min(padding(length), in.readableBytes()));
        return slice;
    }

    /** Bytes as a slice that lives as long as the buffer read from; not retained. */
    public ByteBuf readSlice(int length) throws MalformedMessageException {
        require(length);
        return in.readSlice(length);
    }

    /** A length or count, which must not exceed the limit. */
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

    /** Zero bytes that follow opaque data, so that its length becomes a multiple of four. */
    static int padding(int length) {
        return -length & 3;
    }
}
