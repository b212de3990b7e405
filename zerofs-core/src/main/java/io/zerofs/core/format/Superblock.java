// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import io.zerofs.core.vfs.Timestamp;

/**
 * Marks a volume that has a file system: {@code u8 version = 1 | i64 seconds | u32 nanoseconds}. Its version is that of
 * the whole key space: a program that does not know it must not touch the volume.
 *
 * @param created time at which the volume was formatted
 */
public record Superblock(Timestamp created) {
    private static final int VERSION = 1;
    private static final int BYTES = 1 + 8 + 4;

    public byte[] encode() {
        return new RecordWriter(BYTES)
                .u8(VERSION)
                .u64(created.seconds())
                .u32(created.nanos())
                .toBytes();
    }

    public static Superblock decode(byte[] value) throws RecordFormatException {
        RecordReader in = new RecordReader(value, VERSION);
        long seconds = in.u64();
        int nanos = in.u32();
        in.finish();
        if (nanos < 0 || nanos > 999_999_999) {
            throw new RecordFormatException("superblock with " + nanos + " nanoseconds");
        }
        return new Superblock(new Timestamp(seconds, nanos));
    }
}
