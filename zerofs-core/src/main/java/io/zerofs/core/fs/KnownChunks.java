// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Remembers chunks that are known to be present, so that an overwrite in a sparse file need not ask the volume whether
 * it adds one. Bounded: groups of 64 chunks share a table in which a new group displaces an old one.
 *
 * <p>A thread that shares the inode's lock adds a chunk that it found or made present. A thread that holds the lock
 * exclusively removes a chunk that it deleted. A known chunk therefore stays present while the lock is held.
 */
final class KnownChunks {
    private static final int GROUPS = 8192;
    private static final int GROUP_BITS = 6;

    private final AtomicReferenceArray<Group> groups = new AtomicReferenceArray<>(GROUPS);

    /** The known chunks among 64 consecutive ones of a file. */
    private record Group(long inode, long index, long known) {
        boolean isOf(long otherInode, long otherIndex) {
            return inode == otherInode && index == otherIndex;
        }
    }

    /** Returns whether all chunks of a range are known to be present. */
    boolean contain(long inode, long first, long end) {
        for (long chunk = first; chunk < end; chunk++) {
            long index = chunk >>> GROUP_BITS;
            Group group = groups.get(slotOf(inode, index));
            if (group == null || !group.isOf(inode, index) || (group.known() & 1L << chunk) == 0) {
                return false;
            }
        }
        return true;
    }

    void add(long inode, long chunk) {
        long index = chunk >>> GROUP_BITS;
        int slot = slotOf(inode, index);
        while (true) {
            Group old = groups.get(slot);
            long known = old != null && old.isOf(inode, index) ? old.known() : 0;
            if ((known & 1L << chunk) != 0
                    || groups.compareAndSet(slot, old, new Group(inode, index, known | 1L << chunk))) {
                return;
            }
        }
    }

    void remove(long inode, long chunk) {
        long index = chunk >>> GROUP_BITS;
        int slot = slotOf(inode, index);
        while (true) {
            Group old = groups.get(slot);
            if (old == null || !old.isOf(inode, index)) {
                return;
            }
            if (groups.compareAndSet(slot, old, new Group(inode, index, old.known() & ~(1L << chunk)))) {
                return;
            }
        }
    }

    private static int slotOf(long inode, long index) {
        return (int) ((inode * 0x9e3779b97f4a7c15L >>> 32) + index) & (GROUPS - 1);
    }
}
