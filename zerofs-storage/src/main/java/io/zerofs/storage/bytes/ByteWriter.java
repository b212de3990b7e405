// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.bytes;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes big-endian fields for {@link ByteReader} into an array that grows. Confined to one thread. */
public final class ByteWriter {
    private byte[] bytes;
    private int length;

    public ByteWriter(int capacity) {
        bytes = new byte[capacity];
    }

    public ByteWriter u8(int value) {
        room(1);
        bytes[length++] = (byte) value;
        return this;
    }

    public ByteWriter u16(int value) {
        return u8(value >>> 8).u8(value);
    }

    public ByteWriter u32(long value) {
        return u16((int) (value >>> 16)).u16((int) value);
    }

    public ByteWriter u64(long value) {
        return u32(value >>> 32).u32(value);
    }

    public ByteWriter varint(long value) {
        if (value < 0) {
            throw new IllegalArgumentException("a varint is not negative");
        }
        long rest = value;
        while (rest >= 0x80) {
            u8((int) rest | 0x80);
            rest >>>= 7;
        }
        return u8((int) rest);
    }

    public ByteWriter bytes(ByteBuffer source) {
        int count = source.remaining();
        room(count);
        source.duplicate().get(bytes, length, count);
        length += count;
        return this;
    }

    public ByteWriter bytes(byte[] source) {
        return bytes(ByteBuffer.wrap(source));
    }

    public ByteWriter sized(byte[] source) {
        return varint(source.length).bytes(source);
    }

    public ByteWriter text(String text) {
        return sized(text.getBytes(StandardCharsets.UTF_8));
    }

    public int length() {
        return length;
    }

    /** Returns the written bytes without a copy. The writer must not be used afterwards. */
    public ByteBuffer toBuffer() {
        return ByteBuffer.wrap(bytes, 0, length);
    }

    public byte[] toArray() {
        return Arrays.copyOf(bytes, length);
    }

    private void room(int more) {
        int needed = Math.addExact(length, more);
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, (int) Math.min(Integer.MAX_VALUE - 8, bytes.length * 2L)));
        }
    }
}
