// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Fixed-width integers in byte arrays, most significant byte first, so that keys sort as their numbers. */
final class BigEndian {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private BigEndian() {}

    static int getInt(byte[] bytes, int offset) {
        return (int) INT.get(bytes, offset);
    }

    static long getLong(byte[] bytes, int offset) {
        return (long) LONG.get(bytes, offset);
    }

    static void putInt(byte[] bytes, int offset, int value) {
        INT.set(bytes, offset, value);
    }

    static void putLong(byte[] bytes, int offset, long value) {
        LONG.set(bytes, offset, value);
    }

    /** Puts the low 48 bits. */
    static void putU48(byte[] bytes, int offset, long value) {
        bytes[offset] = (byte) (value >>> 40);
        bytes[offset + 1] = (byte) (value >>> 32);
        putInt(bytes, offset + 2, (int) value);
    }

    static long getU48(byte[] bytes, int offset) {
        return (bytes[offset] & 0xffL) << 40
                | (bytes[offset + 1] & 0xffL) << 32
                | getInt(bytes, offset + 2) & 0xffffffffL;
    }
}
