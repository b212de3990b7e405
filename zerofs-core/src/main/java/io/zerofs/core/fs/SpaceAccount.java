// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.Counters;
import io.zerofs.core.format.Keys;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.FsStatistics;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.volume.Batch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts inodes, their allocated bytes and the metadata, gives out inode numbers and keeps the quotas. Lives in memory;
 * its absolute values are put at the end of each commit. Thread-safe.
 *
 * <p>Growth is claimed before a batch is applied, so that operations that run at once cannot exceed the quota together.
 */
final class SpaceAccount {
    private final long quotaBytes;
    private final long inodesMax;
    private final AtomicLong nextInode;
    private final AtomicLong allocatedBytes;
    private final AtomicLong metadataBytes;
    private final AtomicLong claimedBytes;
    private final AtomicLong inodes;
    private final AtomicLong claimedInodes;

    /** Whether the metadata that the volume had at its opening are part of the number. */
    private volatile boolean metadataCounted;

    SpaceAccount(FileSystemSettings settings, Counters counters) {
        quotaBytes = settings.quotaBytes();
        inodesMax = settings.inodesMax();
        nextInode = new AtomicLong(counters.nextInode());
        allocatedBytes = new AtomicLong(counters.allocatedBytes());
        metadataCounted = counters.metadataBytes() != Counters.UNCOUNTED;
        metadataBytes = new AtomicLong(metadataCounted ? counters.metadataBytes() : 0);
        claimedBytes = new AtomicLong(allocatedBytes.get() + metadataBytes.get());
        inodes = new AtomicLong(counters.inodes());
        claimedInodes = new AtomicLong(counters.inodes());
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

    /**
     * By how much a batch changes what is counted.
     *
     * @param allocated bytes of files
     * @param metadata bytes of records
     * @param inodes how many more
     */
    record Change(long allocated, long metadata, long inodes) {
        long bytes() {
            return allocated + metadata;
        }
    }

    /** Sets room aside for growth; shrinking counts only when it was applied. */
    void claim(Change change) throws FsException {
        claim(claimedBytes, change.bytes(), quotaBytes);
        try {
            claim(claimedInodes, change.inodes(), inodesMax);
        } catch (FsException e) {
            unclaim(claimedBytes, change.bytes());
            throw e;
        }
    }

    private static void claim(AtomicLong claimed, long more, long max) throws FsException {
        if (more > 0 && claimed.addAndGet(more) > max) {
            claimed.addAndGet(-more);
            throw FsError.NO_SPACE.exception();
        }
    }

    /** Gives back what a batch claimed that was not applied. */
    void unclaim(Change change) {
        unclaim(claimedBytes, change.bytes());
        unclaim(claimedInodes, change.inodes());
    }

    private static void unclaim(AtomicLong claimed, long more) {
        if (more > 0) {
            claimed.addAndGet(-more);
        }
    }

    /** Books an applied batch; runs in its commit. */
    void book(Change change) {
        allocatedBytes.addAndGet(change.allocated());
        metadataBytes.addAndGet(change.metadata());
        inodes.addAndGet(change.inodes());
        claimedBytes.addAndGet(Math.min(0, change.bytes()));
        claimedInodes.addAndGet(Math.min(0, change.inodes()));
    }

    boolean isMetadataCounted() {
        return metadataCounted;
    }

    /** Adds the metadata that the volume had when it was opened; what changed since is booked already. */
    void metadataCounted(long bytes) {
        claimedBytes.addAndGet(bytes);
        metadataBytes.addAndGet(bytes);
        metadataCounted = true;
    }

    Counters counters() {
        long metadata = metadataCounted ? metadataBytes.get() : Counters.UNCOUNTED;
        return new Counters(nextInode.get(), allocatedBytes.get(), inodes.get(), metadata);
    }

    /** Puts the absolute values at the end of a commit. */
    void contribute(Batch batch) {
        batch.put(Keys.counters(), counters().encode());
    }

    FsStatistics statistics() {
        // While the metadata are being counted, more of them may have gone than came.
        long used = allocatedBytes.get() + Math.max(0, metadataBytes.get());
        return new FsStatistics(quotaBytes, used, inodesMax, inodes.get());
    }
}
