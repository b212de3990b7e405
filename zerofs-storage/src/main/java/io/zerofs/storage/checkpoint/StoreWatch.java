// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.checkpoint;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.manifest.ManifestChain;
import io.zerofs.storage.object.ObjectStoreException;

/**
 * Checks from time to time that no other writer took over and that the objects exist with which the next opening begins.
 * Each check is one request, unless something is wrong. One thread at a time uses it.
 */
public final class StoreWatch {
    /** One of this many checks is for the volume object, the others for the newest manifest. */
    private static final int LOOKS_PER_VOLUME_LOOK = 10;

    /** Checks that the volume object exists. */
    @FunctionalInterface
    public interface VolumeObjectCheck {
        /** Puts the object back if it is gone. */
        void restoreIfGone() throws ObjectStoreException;
    }

    private final ManifestChain chain;
    private final VolumeObjectCheck volume;
    private long looks;

    public StoreWatch(ManifestChain chain, VolumeObjectCheck volume) {
        this.chain = chain;
        this.volume = volume;
    }

    public ManifestChain chain() {
        return chain;
    }

    /** @throws VolumeException FENCED if another writer took over */
    public void look() throws ObjectStoreException, CorruptObjectException, VolumeException {
        if (++looks % LOOKS_PER_VOLUME_LOOK == 0) {
            volume.restoreIfGone();
        } else {
            chain.requireOwnership();
        }
    }
}
