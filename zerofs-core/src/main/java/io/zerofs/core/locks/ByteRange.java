// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

/**
 * Bytes of a file, both ends included, so that a range can contain the last possible byte. {@link #END} as the last one
 * means all bytes that the file will ever have.
 */
public record ByteRange(long first, long last) {
    /** Largest offset of a file on Linux (OFFSET_MAX). */
    public static final long END = Long.MAX_VALUE;

    boolean overlaps(ByteRange other) {
        return first <= other.last && other.first <= last;
    }

    /** Returns whether both ranges together are one range. */
    boolean joins(ByteRange other) {
        return overlaps(other)
                || last != END && last + 1 == other.first
                || other.last != END && other.last + 1 == first;
    }

    ByteRange union(ByteRange other) {
        return new ByteRange(Math.min(first, other.first), Math.max(last, other.last));
    }
}
