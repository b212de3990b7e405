// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.fs;

import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.fs.FileSystemSettings;
import io.zerofs.core.fs.ZeroFileSystem;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.time.InstantSource;

/** The file system, with its removal queue, on a volume in a store. Its owner closes or kills the volume afterwards. */
public final class StoredFileSystem implements AutoCloseable {
    public final Volume volume;
    public final ZeroFileSystem files;

    private StoredFileSystem(Volume volume, ZeroFileSystem files) {
        this.volume = volume;
        this.files = files;
    }

    public static StoredFileSystem open(Volume volume, InstantSource clock) throws VolumeException {
        return open(volume, FileSystemSettings.DEFAULTS, clock);
    }

    public static StoredFileSystem open(Volume volume, FileSystemSettings settings, InstantSource clock)
            throws VolumeException {
        return new StoredFileSystem(volume, CheckedFileSystems.open(volume, settings, clock));
    }

    /** Waits for the removal queue and checks that the volume is consistent. Nobody may change files meanwhile. */
    public void check() throws VolumeException, InterruptedException {
        files.awaitRemovals();
        CheckedFileSystems.checkClaims(files);
        CheckedFileSystems.check(volume);
    }

    /** Ends the background work of a volume that crashed and cannot be checked. */
    public void crash() {
        CheckedFileSystems.crashed(volume);
        files.close();
    }

    /** Ends in order: the volume is consistent now, even if the removal queue has not ended its work. */
    @Override
    public void close() throws VolumeException {
        files.close();
        CheckedFileSystems.check(volume);
    }
}
