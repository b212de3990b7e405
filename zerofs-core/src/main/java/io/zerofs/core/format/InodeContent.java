// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import io.zerofs.core.vfs.DeviceNumber;

/** The part of an inode record that depends on the kind of file. */
public sealed interface InodeContent {

    /**
     * A regular file.
     *
     * @param size bytes, unsigned
     * @param chunks how many chunks are present, those that wait to be removed after a truncation included
     * @param verifier of an exclusive creation (RFC 1813 §3.3.8), or null
     * @param pendingTruncation chunks of a former, larger size that may still be present; null if there are none
     */
    record File(long size, long chunks, Long verifier, TruncatedTail pendingTruncation) implements InodeContent {
        public static final File EMPTY = new File(0, 0, null, null);

        /** How many of the chunks may belong to the file: never fewer than do. */
        public long ownChunks() {
            return pendingTruncation == null ? chunks : chunks - pendingTruncation.dead();
        }

        public File withSize(long newSize) {
            return new File(newSize, chunks, verifier, pendingTruncation);
        }

        public File withChunks(long newChunks) {
            return new File(size, newChunks, verifier, pendingTruncation);
        }

        public File withPendingTruncation(TruncatedTail newTail) {
            return new File(size, chunks, verifier, newTail);
        }
    }

    /**
     * Chunks that a truncation cut off and that are removed in the background, from the end. One that is still present
     * reads as a hole unless a mark with this serial number says that it was written again.
     *
     * @param first index of the first such chunk
     * @param end index after the last
     * @param serial number of the truncation, so that a later one voids all marks at once
     * @param dead how many chunks of the file are known to be present here and to be no part of it; there may be more
     */
    record TruncatedTail(long first, long end, long serial, long dead) {
        /** After some of the dead ones were removed or written again. */
        public TruncatedTail withFewerDead(long fewer) {
            return new TruncatedTail(first, end, serial, Math.max(0, dead - fewer));
        }

        public TruncatedTail withEnd(long newEnd) {
            return new TruncatedTail(first, newEnd, serial, dead);
        }

        public boolean contains(long chunk) {
            return chunk >= first && chunk < end;
        }

        public boolean intersects(long from, long to) {
            return from < end && to > first;
        }
    }

    /**
     * A directory.
     *
     * @param parent inode number of the parent; the root is its own
     * @param nextCookie cookie of the next entry
     * @param entries names in it, without {@code .} and {@code ..}
     */
    record Directory(long parent, long nextCookie, long entries) implements InodeContent {}

    /** A symlink. The array must not be changed. */
    record Symlink(byte[] target) implements InodeContent {}

    /** A character or block device. */
    record Device(DeviceNumber number) implements InodeContent {}

    /** A FIFO or socket. */
    record None() implements InodeContent {
        public static final None INSTANCE = new None();
    }
}
