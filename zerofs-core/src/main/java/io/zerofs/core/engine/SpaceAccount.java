// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.engine;

import io.zerofs.core.format.Counters;
import io.zerofs.core.format.Keys;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.FsStatistics;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.volume.Batch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts inodes and allocated bytes, gives out inode numbers and keeps the quota. Lives in memory; its absolute values
 * are put at the end of each commit. Thread-safe.
 *
 * <p>Growth is claimed before a batch is applied, so that operations that run at once cannot exceed the quota together.
 */
final class SpaceAccount {
    private final long quotaBytes;
    private final AtomicLong nextInode;
    private final AtomicLong allocatedBytes;
    private final AtomicLong claimedBytes;
    private final AtomicLong inodes;

    SpaceAccount(long quotaBytes, Counters counters) {
        this.quotaBytes = quotaBytes;
        nextInode = new AtomicLong(counters.nextInode());
        allocatedBytes = new AtomicLong(counters.allocatedBytes());
        claimedBytes = new AtomicLong(counters.allocatedBytes());
        inodes = new AtomicLong(counters.inodes());
    }

    /** A number that no surviving inode has or had; one that is not used is lost. */
    long allocateInode() throws FsException {
        long number = nextInode.getAndIncrement();
        if (number > InodeId.NUMBER_MAX) {
            nextInode.set(InodeId.NUMBER_MAX + 1);
            throw FsError.NO_SPACE.exception();
        }
        return number;
    }

    /** Sets room aside for growth; shrinking counts only when it was applied. */
    void claim(long bytes) throws FsException {
        if (bytes > 0 && claimedBytes.addAndGet(bytes) > quotaBytes) {
            claimedBytes.addAndGet(-bytes);
            throw FsError.NO_SPACE.exception();
        }
    }

    /** Gives back what a batch claimed that was not applied. */
    void unclaim(long bytes) {
        if (bytes > 0) {
            claimedBytes.addAndGet(-bytes);
        }
    }

    /** Books an applied batch; runs in its commit. */
    void book(long bytes, long inodeCount) {
        allocatedBytes.addAndGet(bytes);
        inodes.addAndGet(inodeCount);
        if (bytes < 0) {
            claimedBytes.addAndGet(bytes);
        }
    }

    Counters counters() {
        return new Counters(nextInode.get(), allocatedBytes.get(), inodes.get());
    }

    /** Puts the absolute values at the end of a commit. */
    void contribute(Batch batch) {
        batch.put(Keys.counters(), counters().encode());
    }

    FsStatistics statistics() {
        return new FsStatistics(quotaBytes, allocatedBytes.get(), InodeId.NUMBER_MAX, inodes.get());
    }
}
