// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.time.InstantSource;

/**
 * The collaborators that the operations share.
 *
 * @param volume the port below
 * @param settings settings of the operator
 * @param clock for timestamps
 * @param space counters, inode numbers and quota
 * @param inodes inode records
 * @param directories entries
 * @param chunks data of regular files
 * @param locks locks on inodes
 * @param holds holds of inodes
 * @param background inodes with remains to remove
 */
record OperationContext(
        Volume volume,
        FileSystemSettings settings,
        InstantSource clock,
        SpaceAccount space,
        InodeStore inodes,
        DirectoryStore directories,
        FileChunks chunks,
        InodeLocks locks,
        Holds holds,
        BackgroundQueue background) {
    /** Maximum bytes of the records of one operation on names or attributes, including names and symlink targets. */
    static final int RECORDS_BYTES = 16 * 1024;

    Timestamp now() {
        return Timestamp.of(clock.instant());
    }

    Transaction begin() {
        return new Transaction(volume, space, inodes);
    }

    /** Reserves room for records only. Called while holding no lock. */
    Reservation reserve() throws FsException {
        return reserve(null, RECORDS_BYTES);
    }

    /** Reserves room for a batch. Called while holding no lock. */
    Reservation reserve(ChunkRange range, int bytes) throws FsException {
        try {
            return volume.reserve(range, bytes);
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        }
    }
}
