// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

/**
 * The counters of the file system, written at the end of each commit: {@code u8 version = 2 | varint nextInode | varint
 * allocatedBytes | varint inodes | varint metadataBytes}. Version 1 has no metadata; commits use it until the metadata
 * are counted.
 *
 * @param nextInode the lowest inode number that was never allocated
 * @param allocatedBytes allocated bytes of all inodes
 * @param inodes number of inodes
 * @param metadataBytes bytes that all records count, see {@link MetadataBytes}; {@link #UNCOUNTED} if unknown
 */
public record Counters(long nextInode, long allocatedBytes, long inodes, long metadataBytes) {
    /** Metadata bytes of a volume whose last writer was a program that did not count them. */
    public static final long UNCOUNTED = -1;

    private static final int VERSION = 2;
    private static final int VERSION_UNCOUNTED = 1;
    private static final int USUAL_BYTES = 24;

    public byte[] encode() {
        boolean counted = metadataBytes != UNCOUNTED;
        RecordWriter out = new RecordWriter(USUAL_BYTES)
                .u8(counted ? VERSION : VERSION_UNCOUNTED)
                .varint(nextInode)
                .varint(allocatedBytes)
                .varint(inodes);
        return (counted ? out.varint(metadataBytes) : out).toBytes();
    }

    public Counters withNextInode(long next) {
        return new Counters(next, allocatedBytes, inodes, metadataBytes);
    }

    public static Counters decode(byte[] value) throws RecordFormatException {
        boolean uncounted = value.length > 0 && value[0] == VERSION_UNCOUNTED;
        RecordReader in = new RecordReader(value, uncounted ? VERSION_UNCOUNTED : VERSION);
        Counters counters = new Counters(in.varint(), in.varint(), in.varint(), uncounted ? UNCOUNTED : in.varint());
        in.finish();
        return counters;
    }
}
