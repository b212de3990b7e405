// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import java.util.Arrays;

/** Appends integers, big-endian or of variable length, to a growing array. */
final class RecordWriter {
    private static final int VARINT_PAYLOAD_BITS = 7;
    private static final int VARINT_MORE = 0x80;

    private byte[] bytes;
    private int length;

    RecordWriter(int expectedBytes) {
        bytes = new byte[expectedBytes];
    }

    RecordWriter u8(int value) {
        room(1);
        bytes[length++] = (byte) value;
        return this;
    }

    RecordWriter u16(int value) {
        return u8(value >> 8).u8(value);
    }

    RecordWriter u32(int value) {
        room(4);
        BigEndian.putInt(bytes, length, value);
        length += 4;
        return this;
    }

    RecordWriter u64(long value) {
        room(8);
        BigEndian.putLong(bytes, length, value);
        length += 8;
        return this;
    }

    /** Appends unsigned LEB128: seven bits per byte, lowest first; a set high bit means that more follow. */
    RecordWriter varint(long value) {
        room(10);
        long rest = value;
        while ((rest & -VARINT_MORE) != 0) {
            bytes[length++] = (byte) (rest | VARINT_MORE);
            rest >>>= VARINT_PAYLOAD_BITS;
        }
        bytes[length++] = (byte) rest;
        return this;
    }

    RecordWriter bytes(byte[] source) {
        room(source.length);
        System.arraycopy(source, 0, bytes, length, source.length);
        length += source.length;
        return this;
    }

    byte[] toBytes() {
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }

    private void room(int count) {
        if (bytes.length - length < count) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + count));
        }
    }
}
