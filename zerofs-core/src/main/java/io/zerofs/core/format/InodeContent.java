// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import io.zerofs.core.vfs.DeviceNumber;

/** The part of an inode record that depends on the kind of file. */
public sealed interface InodeContent {

    /**
     * A regular file.
     *
     * @param size bytes, unsigned
     * @param chunks number of present chunks, including those that the background still removes after a truncation
     * @param verifier of an exclusive creation (RFC 1813 §3.3.8), or null
     * @param pendingTruncation chunks of an earlier, larger size that may still be present; null if there are none
     */
    record File(long size, long chunks, Long verifier, TruncatedTail pendingTruncation) implements InodeContent {
        public static final File EMPTY = new File(0, 0, null, null);

        /** Returns an upper bound of the number of present chunks that belong to the file. */
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
     * Chunks that a truncation cut off; the background removes them, beginning at the end. A chunk that is still
     * present reads as a hole, unless a mark with this serial number records that it was written again.
     *
     * @param first index of the first cut-off chunk
     * @param end index after the last
     * @param serial number of the truncation, so that a later one voids all marks at once
     * @param dead lower bound of the number of present chunks in the tail that do not belong to the file
     */
    record TruncatedTail(long first, long end, long serial, long dead) {
        /** Returns the tail after dead chunks were removed or written again. */
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
