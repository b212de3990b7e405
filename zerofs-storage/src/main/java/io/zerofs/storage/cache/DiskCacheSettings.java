// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import java.nio.file.Path;

/**
 * Directory and size of the disk cache.
 *
 * @param directory belongs only to the cache, which creates it if it is missing
 * @param bytesMax of all files together; the room of a few segments at least, or 0 for no cache
 * @param freeBytesMin free bytes of the file system that the cache leaves to other programs
 */
public record DiskCacheSettings(Path directory, long bytesMax, long freeBytesMin) {
    static final long SEGMENT_BYTES_MIN = 4 << 20;

    /** Number of segments. The cache frees disk space by whole segments. */
    private static final int SEGMENTS = 64;

    /** Maximum number of open files, with the segment that is being evicted. */
    public static final int FILES_MAX = SEGMENTS + 1;

    private static final int SEGMENTS_MIN = 4;

    public DiskCacheSettings {
        if (bytesMax != 0 && bytesMax < SEGMENTS_MIN * SEGMENT_BYTES_MIN) {
            throw new IllegalArgumentException(
                    "a disk cache has at least " + SEGMENTS_MIN * SEGMENT_BYTES_MIN + " bytes: " + bytesMax);
        }
    }

    long segmentBytes() {
        return Math.max(SEGMENT_BYTES_MIN, bytesMax / SEGMENTS);
    }

    /** Returns the maximum number of segments. Leaves room for one that is being evicted. */
    int segmentsMax() {
        return (int) (bytesMax / segmentBytes()) - 1;
    }
}
