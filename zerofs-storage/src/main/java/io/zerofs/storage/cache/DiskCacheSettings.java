// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import java.nio.file.Path;

/**
 * Where blocks of objects are kept on disk, and how many.
 *
 * @param directory belongs to the cache alone; created if it is missing
 * @param bytesMax of all files together; the room of a few segments at least, or 0 for no cache
 * @param freeBytesMin of the file system, which the cache leaves to others
 */
public record DiskCacheSettings(Path directory, long bytesMax, long freeBytesMin) {
    static final long SEGMENT_BYTES_MIN = 4 << 20;

    /** The cache is given back in parts of this share. */
    private static final int SEGMENTS = 64;

    /** Open at a time, with one that is evicted. */
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

    /** Complete ones and the one that is written; room for one that is evicted meanwhile is left. */
    int segmentsMax() {
        return (int) (bytesMax / segmentBytes()) - 1;
    }
}
