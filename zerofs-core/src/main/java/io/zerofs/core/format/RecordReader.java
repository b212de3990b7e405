// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import java.util.Arrays;

/**
 * Reads the output of {@link RecordWriter}. A read past the end returns zeros and is remembered. {@link #finish()}
 * reports it once, so that callers need not check each field.
 */
final class RecordReader {
    private static final int VARINT_BYTES_MAX = 10;

    private final byte[] bytes;
    private int position;
    private boolean malformed;

    RecordReader(byte[] bytes, int version) throws RecordFormatException {
        this.bytes = bytes;
        int found = u8();
        if (malformed || found != version) {
            throw RecordFormatException.ofVersion(found, bytes.length, version);
        }
    }

    int u8() {
        if (position >= bytes.length) {
            malformed = true;
            return 0;
        }
        return bytes[position++] & 0xff;
    }

    int u16() {
        return u8() << 8 | u8();
    }

    int u32() {
        if (!has(4)) {
            return 0;
        }
        int value = BigEndian.getInt(bytes, position);
        position += 4;
        return value;
    }

    long u64() {
        if (!has(8)) {
            return 0;
        }
        long value = BigEndian.getLong(bytes, position);
        position += 8;
        return value;
    }

    long varint() {
        long value = 0;
        for (int i = 0; i < VARINT_BYTES_MAX; i++) {
            int next = u8();
            value |= (long) (next & 0x7f) << 7 * i;
            if (next < 0x80) {
                // The tenth byte has room for one bit.
                malformed |= i == VARINT_BYTES_MAX - 1 && next > 1;
                return value;
            }
        }
        malformed = true;
        return 0;
    }

    byte[] rest() {
        byte[] result = Arrays.copyOfRange(bytes, Math.min(position, bytes.length), bytes.length);
        position = bytes.length;
        return result;
    }

    void refuse() {
        malformed = true;
    }

    /** Throws if bytes are missing or left over. Called after the last field. */
    void finish() throws RecordFormatException {
        if (malformed || position != bytes.length) {
            throw new RecordFormatException("malformed record of " + bytes.length + " bytes");
        }
    }

    private boolean has(int count) {
        if (bytes.length - position < count) {
            malformed = true;
            position = bytes.length;
            return false;
        }
        return true;
    }
}
