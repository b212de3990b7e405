// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.bytes;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Reads big-endian fields and checks every length against the remaining bytes. Any damage becomes one {@link
 * CorruptObjectException} that names object and place. Confined to one thread.
 */
public final class ByteReader {
    private static final int VARINT_BYTES_MAX = 9;

    private final ByteBuffer from;
    private final String object;
    private final String position;
    private final int start;

    public ByteReader(ByteBuffer from, String object, String position) {
        this.from = from;
        this.object = object;
        this.position = position;
        this.start = from.position();
    }

    public int u8() throws CorruptObjectException {
        need(1);
        return from.get() & 0xff;
    }

    public int u16() throws CorruptObjectException {
        need(Short.BYTES);
        return from.getShort() & 0xffff;
    }

    public long u32() throws CorruptObjectException {
        need(Integer.BYTES);
        return from.getInt() & 0xffff_ffffL;
    }

    public int u31() throws CorruptObjectException {
        long value = u32();
        require(value <= Integer.MAX_VALUE, "a number is out of range");
        return (int) value;
    }

    public long u64() throws CorruptObjectException {
        need(Long.BYTES);
        return from.getLong();
    }

    /** Reads eight bytes whose highest bit is zero. */
    public long u63() throws CorruptObjectException {
        long value = u64();
        require(value >= 0, "a number is out of range");
        return value;
    }

    /** Reads a number of at most 63 bits: seven bits per byte, low bits first. The high bit means that more bytes follow. */
    public long varint() throws CorruptObjectException {
        long value = 0;
        for (int i = 0; i < VARINT_BYTES_MAX; i++) {
            int next = u8();
            value |= (long) (next & 0x7f) << (7 * i);
            if (next < 0x80) {
                require(next != 0 || i == 0, "a number is longer than it must be");
                return value;
            }
        }
        throw corrupt("a number is out of range");
    }

    public int varint(int max) throws CorruptObjectException {
        long value = varint();
        require(value <= max, "a number is out of range");
        return (int) value;
    }

    /** Reads a count of items that each take at least {@code bytesEach} of the remaining bytes. */
    public int count(int max, int bytesEach) throws CorruptObjectException {
        int count = varint(max);
        require((long) count * bytesEach <= from.remaining(), "a count is out of range");
        return count;
    }

    public byte[] bytes(int length) throws CorruptObjectException {
        need(length);
        byte[] bytes = new byte[length];
        from.get(bytes);
        return bytes;
    }

    /** Reads a varint length and as many bytes. */
    public byte[] sized(int max) throws CorruptObjectException {
        return bytes(varint(max));
    }

    public String text(int bytesMax) throws CorruptObjectException {
        return new String(sized(bytesMax), StandardCharsets.UTF_8);
    }

    public int remaining() {
        return from.remaining();
    }

    /** Checks that no bytes follow. */
    public void end() throws CorruptObjectException {
        require(!from.hasRemaining(), "more bytes follow than belong here");
    }

    public void require(boolean holds, String otherwise) throws CorruptObjectException {
        if (!holds) {
            throw corrupt(otherwise);
        }
    }

    public CorruptObjectException corrupt(String problem) {
        return new CorruptObjectException(object, position + " at byte " + (from.position() - start), problem);
    }

    private void need(int bytes) throws CorruptObjectException {
        require(bytes <= from.remaining(), "the bytes end too early");
    }
}
