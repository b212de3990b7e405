// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;

/**
 * The inodes that clients hold, with the number and kind of holds. In memory only: a restart releases all. Thread-safe.
 */
final class Holds {
    private final ConcurrentHashMap<Long, Count> counts = new ConcurrentHashMap<>();
    private final LongConsumer whenOrphanReleased;

    /** @param whenOrphanReleased receives the number of an inode without a name when its last hold ends */
    Holds(LongConsumer whenOrphanReleased) {
        this.whenOrphanReleased = whenOrphanReleased;
    }

    private record Count(int open, int devices, boolean orphan) {
        static final Count NONE = new Count(0, 0, false);

        Count plus(FileHold.Kind kind, int change) {
            return switch (kind) {
                case OPEN -> new Count(open + change, devices, orphan);
                case DEVICE, DEVICE_DIRECTORY -> new Count(open, devices + change, orphan);
            };
        }

        boolean isNone() {
            return open == 0 && devices == 0;
        }
    }

    /** Holds an inode. Called under its lock, so that no other thread removes it meanwhile. */
    FileHold hold(InodeId inode, FileHold.Kind kind, boolean orphan) {
        counts.compute(inode.number(), (number, count) -> {
            Count known = count == null ? Count.NONE : count;
            return new Count(known.open, known.devices, known.orphan || orphan).plus(kind, 1);
        });
        return new Hold(inode, kind);
    }

    /** Notes that an inode lost its last name. Returns whether a client holds it. Called under its exclusive lock. */
    boolean orphan(long inode) {
        return counts.computeIfPresent(inode, (number, count) -> new Count(count.open, count.devices, true)) != null;
    }

    boolean isHeld(long inode) {
        return counts.containsKey(inode);
    }

    /** Throws BUSY if a connected block device holds the inode. */
    void requireNoDevice(long inode) throws FsException {
        Count count = counts.get(inode);
        if (count != null && count.devices > 0) {
            throw FsError.BUSY.exception();
        }
    }

    private void release(long inode, FileHold.Kind kind) {
        boolean[] orphan = new boolean[1];
        counts.computeIfPresent(inode, (number, count) -> {
            Count left = count.plus(kind, -1);
            orphan[0] = left.isNone() && left.orphan;
            return left.isNone() ? null : left;
        });
        if (orphan[0]) {
            whenOrphanReleased.accept(inode);
        }
    }

    /** One hold. */
    private final class Hold implements FileHold {
        private final InodeId inode;
        private final Kind kind;
        private final AtomicBoolean closed = new AtomicBoolean();

        Hold(InodeId inode, Kind kind) {
            this.inode = inode;
            this.kind = kind;
        }

        @Override
        public InodeId inode() {
            return inode;
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                release(inode.number(), kind);
            }
        }
    }
}
