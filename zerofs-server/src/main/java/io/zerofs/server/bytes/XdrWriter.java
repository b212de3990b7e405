// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.bytes;

import io.netty.buffer.ByteBuf;

/** Writes XDR (RFC 4506) to a buffer that it borrows. Confined to one thread. */
public final class XdrWriter {
    private final ByteBuf out;

    public XdrWriter(ByteBuf out) {
        this.out = out;
    }

    /** Returns the buffer to which it writes. */
    public ByteBuf buffer() {
        return out;
    }

    public XdrWriter writeInt(int value) {
        out.writeInt(value);
        return this;
    }

    public XdrWriter writeLong(long value) {
        out.writeLong(value);
        return this;
    }

    public XdrWriter writeBoolean(boolean value) {
        out.writeInt(value ? 1 : 0);
        return this;
    }

    public XdrWriter writeFixedOpaque(byte[] bytes) {
        out.writeBytes(bytes);
        return writePadding(bytes.length);
    }

    public XdrWriter writeOpaque(byte[] bytes) {
        out.writeInt(bytes.length);
        return writeFixedOpaque(bytes);
    }

    /** Writes the zero bytes that follow opaque data of this length. */
    public XdrWriter writePadding(int length) {
        out.writeZero(XdrReader.padding(length));
        return this;
    }

    /** Returns the bytes that opaque data of this length takes, with its length word and padding. */
    public static int opaqueBytes(int length) {
        return Integer.BYTES + length + XdrReader.padding(length);
    }
}
