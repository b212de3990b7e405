// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.manifest;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.seal.Salt;
import java.time.InstantSource;
import java.util.concurrent.locks.Lock;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of the chain, which its only writer extends. Changes are functions of the newest manifest. So the chain can merge
 * a lost race within our own epoch, also with a PUT of ours whose answer was lost. Thread-safe; one change at a time.
 */
public final class ManifestChain {
    private static final Logger LOG = LoggerFactory.getLogger(ManifestChain.class);
    private static final int MERGES_MAX = 100;

    private final ManifestStore manifests;
    private final RandomGenerator random;
    private final InstantSource clock;
    /** Held while a change is being published. Readers do not need it. */
    private final Lock publishing = Machine.current().newLock();

    private volatile Manifest head;

    public ManifestChain(ManifestStore manifests, Manifest head, RandomGenerator random, InstantSource clock) {
        this.manifests = manifests;
        this.head = head;
        this.random = random;
        this.clock = clock;
    }

    /** A change as a function of the newest manifest. */
    @FunctionalInterface
    public interface Change<E extends Exception> {
        /** Returns the manifest with the change. May throw to publish nothing. */
        Manifest of(Manifest successor) throws E;
    }

    /** Returns the newest known manifest. */
    public Manifest head() {
        return head;
    }

    /**
     * Publishes a change. When this returns, the store has the manifest and we still owned the volume.
     *
     * @param change applied to the newest manifest; several times if a merge is necessary
     * @throws VolumeException FENCED if another writer took over
     * @throws ObjectStoreException the outcome may be unknown: the next change finds out
     */
    public <E extends Exception> Manifest publish(Change<E> change)
            throws E, ObjectStoreException, CorruptObjectException, VolumeException {
        publishing.lock();
        try {
            return publishLocked(change);
        } finally {
            publishing.unlock();
        }
    }

    private <E extends Exception> Manifest publishLocked(Change<E> change)
            throws E, ObjectStoreException, CorruptObjectException, VolumeException {
        for (int i = 0; i < MERGES_MAX; i++) {
            Manifest base = head;
            Manifest.Writer writer = base.writer().at(clock.millis());
            Manifest next = change.of(base.successor(Salt.random(random), writer));
            if (manifests.create(next) instanceof ManifestStore.Overtaken overtaken) {
                follow(overtaken.newest());
            } else {
                advance(next);
                return next;
            }
        }
        throw new ObjectStoreException(
                ObjectStoreException.Kind.UNAVAILABLE,
                "no manifest could be published in " + MERGES_MAX + " races",
                null);
    }

    /** Reads the manifest of a snapshot. */
    public Manifest read(Snapshot snapshot) throws ObjectStoreException, CorruptObjectException {
        return manifests.read(snapshot);
    }

    /**
     * Checks whether another writer took over. If the newest manifest is gone, publishes the same state again.
     *
     * @throws VolumeException FENCED if another writer took over
     */
    public void requireOwnership() throws ObjectStoreException, CorruptObjectException, VolumeException {
        Manifest known = head;
        long newest = manifests.lastListed(known.version() - 1);
        if (newest > known.version()) {
            follow(manifests.newestFrom(newest));
        } else if (newest < known.version() && manifests.read(known.version()).isEmpty()) {
            LOG.error(
                    "object {} is gone from the store: somebody deleted it, and it is published again",
                    known.objectName());
            publish(manifest -> manifest);
        }
    }

    private synchronized void advance(Manifest newest) {
        if (newest.version() > head.version()) {
            head = newest;
        }
    }

    private void follow(Manifest newest) throws VolumeException {
        if (newest.epoch() != head.epoch()) {
            throw new VolumeException(
                    VolumeException.Kind.FENCED,
                    "another daemon took the volume over: epoch " + newest.epoch() + " by "
                            + newest.writer().description() + ", ours is " + head.epoch());
        }
        advance(newest);
    }
}
