// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

/**
 * Records of one number, of bytes, or empty ones: {@code u8 version = 1}, then the content. A tombstone has {@code
 * varint end}, the index after the last chunk that may be present. The mark of a rewritten chunk has {@code varint
 * serial}. An orphan has nothing. An extended attribute has its value, and the secret its bytes.
 */
public final class SmallRecords {
    private static final int VERSION = 1;

    private SmallRecords() {}

    public static byte[] orphan() {
        return new byte[] {VERSION};
    }

    public static byte[] tombstone(long end) {
        return number(end);
    }

    public static long tombstoneEnd(byte[] value) throws RecordFormatException {
        return number(value);
    }

    public static byte[] rewritten(long serial) {
        return number(serial);
    }

    public static long rewrittenSerial(byte[] value) throws RecordFormatException {
        return number(value);
    }

    public static byte[] xattr(byte[] value) {
        return new RecordWriter(1 + value.length).u8(VERSION).bytes(value).toBytes();
    }

    public static byte[] xattrValue(byte[] record) throws RecordFormatException {
        RecordReader in = new RecordReader(record, VERSION);
        byte[] value = in.rest();
        in.finish();
        return value;
    }

    public static byte[] secretRecord(byte[] secret) {
        return xattr(secret);
    }

    public static byte[] secret(byte[] record) throws RecordFormatException {
        return xattrValue(record);
    }

    private static byte[] number(long value) {
        return new RecordWriter(11).u8(VERSION).varint(value).toBytes();
    }

    private static long number(byte[] value) throws RecordFormatException {
        RecordReader in = new RecordReader(value, VERSION);
        long number = in.varint();
        in.finish();
        return number;
    }
}
