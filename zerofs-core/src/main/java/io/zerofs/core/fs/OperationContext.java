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
 * @param settings of the operator
 * @param clock for timestamps
 * @param space counters, inode numbers and quota
 * @param inodes inode records
 * @param directories entries
 * @param chunks data of regular files
 * @param locks on inodes
 * @param holds of inodes
 * @param background inodes with something left to remove
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
    /** Room for the records of one operation on names or attributes, symlink targets and names included. */
    static final int RECORDS_BYTES = 16 * 1024;

    Timestamp now() {
        return Timestamp.of(clock.instant());
    }

    Transaction begin() {
        return new Transaction(volume, space, inodes);
    }

    /** Room for records only. To be called while holding no lock. */
    Reservation reserve() throws FsException {
        return reserve(null, RECORDS_BYTES);
    }

    /** Room for a batch. To be called while holding no lock. */
    Reservation reserve(ChunkRange range, int bytes) throws FsException {
        try {
            return volume.reserve(range, bytes);
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        }
    }
}
