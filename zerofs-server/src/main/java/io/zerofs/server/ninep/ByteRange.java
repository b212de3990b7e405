// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.LockRange;

/**
 * Bytes of a file, both ends included, so that the last byte that there can be is expressible. {@link #END} as the last
 * one stands for all bytes that the file will ever have.
 */
record ByteRange(long first, long last) {
    /** Largest offset of a file on Linux (OFFSET_MAX). */
    static final long END = Long.MAX_VALUE;

    /** EINVAL if it begins or ends beyond what an offset can be. */
    static ByteRange of(LockRange range) {
        if (range.start() < 0 || range.length() < 0) {
            throw new ErrnoException(Errno.EINVAL);
        }
        if (range.length() == 0) {
            return new ByteRange(range.start(), END);
        }
        long last = range.start() + (range.length() - 1);
        if (last < 0) {
            throw new ErrnoException(Errno.EINVAL);
        }
        return new ByteRange(range.start(), last);
    }

    LockRange toWire() {
        return new LockRange(first, last == END ? 0 : last - first + 1);
    }

    boolean overlaps(ByteRange other) {
        return first <= other.last && other.first <= last;
    }

    /** Whether both together are one range. */
    boolean joins(ByteRange other) {
        return overlaps(other)
                || last != END && last + 1 == other.first
                || other.last != END && other.last + 1 == first;
    }

    ByteRange union(ByteRange other) {
        return new ByteRange(Math.min(first, other.first), Math.max(last, other.last));
    }
}
