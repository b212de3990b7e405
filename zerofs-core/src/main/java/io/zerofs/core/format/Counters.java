// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

/**
 * What the file system counts, as it is put at the end of each commit: {@code u8 version = 1 | varint nextInode | varint
 * allocatedBytes | varint inodes}.
 *
 * @param nextInode the lowest inode number that was never given out
 * @param allocatedBytes of all inodes
 * @param inodes how many exist
 */
public record Counters(long nextInode, long allocatedBytes, long inodes) {
    private static final int VERSION = 1;
    private static final int USUAL_BYTES = 16;

    public byte[] encode() {
        return new RecordWriter(USUAL_BYTES)
                .u8(VERSION)
                .varint(nextInode)
                .varint(allocatedBytes)
                .varint(inodes)
                .toBytes();
    }

    public static Counters decode(byte[] value) throws RecordFormatException {
        RecordReader in = new RecordReader(value, VERSION);
        Counters counters = new Counters(in.varint(), in.varint(), in.varint());
        in.finish();
        return counters;
    }
}
