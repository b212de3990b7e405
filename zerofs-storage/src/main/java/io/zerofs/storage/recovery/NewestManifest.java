// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitLog;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.ManifestStore;
import io.zerofs.storage.manifest.WriterTerm;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the newest manifest. Starting without the manifest that permitted a log would hide that log, so a log without one
 * is a loss. Confined to the thread that opens the volume.
 */
record NewestManifest(ObjectStore store, StoredLog log, ManifestStore manifests) {
    /** Returns the highest epoch that a writer has claimed. */
    static long highestEpoch(Manifest base) {
        long highest = base.epoch();
        for (WriterTerm term : base.terms()) {
            highest = Math.max(highest, term.epoch());
        }
        return highest;
    }

    /** @param known the newest manifest of a moment ago, if that is known */
    Manifest read(Optional<ManifestStore.Listed> known)
            throws ObjectStoreException, CorruptObjectException, OpenException {
        Manifest newest = known.isPresent() ? manifests.newest(known.get()) : manifests.newest();
        while (hidesLog(newest)) {
            Manifest again = manifests.newest();
            if (again.version() == newest.version()) {
                String missing =
                        newest.version() == 0 ? Manifest.PREFIX + "*" : Manifest.objectName(newest.version() + 1);
                throw OpenException.lost(missing, "the store holds commits of the writer that published it");
            }
            // A running daemon has published its manifest and its first commit meanwhile.
            newest = again;
        }
        return newest;
    }

    /**
     * Returns whether the store holds commits of a writer that no manifest up to this one permitted to serve: one that only
     * claimed its epoch, or the one that had the next epoch.
     */
    private boolean hidesLog(Manifest newest) throws ObjectStoreException, CorruptObjectException {
        if (newest.version() == 0) {
            return !store.list(CommitId.PREFIX, "", 1).isEmpty();
        }
        for (WriterTerm term : newest.terms()) {
            if (!term.hasServed() && hasCommits(term.epoch())) {
                return true;
            }
        }
        return hasCommits(highestEpoch(newest) + 1);
    }

    /** Returns whether the log of an epoch has a commit. Older programs put a fence into logs that had none. */
    private boolean hasCommits(long epoch) throws ObjectStoreException, CorruptObjectException {
        for (Map.Entry<Long, Long> object : log.list(epoch, 1).entrySet()) {
            if (log.read(new CommitId(epoch, object.getKey()), object.getValue()) instanceof CommitLog) {
                return true;
            }
        }
        return false;
    }
}
