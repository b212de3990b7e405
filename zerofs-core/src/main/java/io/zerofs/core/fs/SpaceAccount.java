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
 * Counts inodes, their allocated bytes and the metadata, allocates inode numbers and enforces the quotas. Lives in
 * memory; each commit ends with its absolute values. Thread-safe.
 *
 * <p>An operation claims growth before the volume applies its batch, so concurrent operations cannot exceed the quota
 * together.
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

    /** Whether the count includes the metadata that the volume had when it was opened. */
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

    /** Returns a number that no surviving inode has or had. A number that the caller does not use is lost. */
    long allocateInode() throws FsException {
        long number = nextInode.getAndIncrement();
        if (number > InodeId.NUMBER_MAX) {
            nextInode.set(InodeId.NUMBER_MAX + 1);
            throw FsError.NO_SPACE.exception();
        }
        return number;
    }

    /**
     * The change of the counts by a batch.
     *
     * @param allocated bytes of files
     * @param metadata bytes of records
     * @param inodes number of additional inodes
     */
    record Change(long allocated, long metadata, long inodes) {
        long bytes() {
            return allocated + metadata;
        }
    }

    /** Claims room for growth. Shrinking counts only after the batch was applied. */
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

    /** Returns the claim of a batch that was not applied. */
    void unclaim(Change change) {
        unclaim(claimedBytes, change.bytes());
        unclaim(claimedInodes, change.inodes());
    }

    private static void unclaim(AtomicLong claimed, long more) {
        if (more > 0) {
            claimed.addAndGet(-more);
        }
    }

    /** Books an applied batch. Runs in its commit. */
    void book(Change change) {
        allocatedBytes.addAndGet(change.allocated());
        metadataBytes.addAndGet(change.metadata());
        inodes.addAndGet(change.inodes());
        claimedBytes.addAndGet(Math.min(0, change.bytes()));
        claimedInodes.addAndGet(Math.min(0, change.inodes()));
    }

    /** Returns whether no operation has claimed room that it neither used nor returned. True while none runs. */
    boolean isSettled() {
        return claimedBytes.get() == allocatedBytes.get() + metadataBytes.get() && claimedInodes.get() == inodes.get();
    }

    boolean isMetadataCounted() {
        return metadataCounted;
    }

    /** Adds the metadata that the volume had when it was opened; later changes are booked already. */
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
        // Until all metadata are counted, more of them may have been removed than added.
        long used = allocatedBytes.get() + Math.max(0, metadataBytes.get());
        return new FsStatistics(quotaBytes, used, inodesMax, inodes.get());
    }
}
