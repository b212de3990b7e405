// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.snapshot;

import io.zerofs.core.volume.Barriers;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.engine.upkeep.CheckpointSource;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.ManifestChain;
import io.zerofs.storage.manifest.PendingDeletion;
import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.object.ObjectStoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/**
 * Creates and deletes the snapshots of a running volume. A snapshot is a barrier and one manifest, which is also the manifest
 * of the snapshot's state. Thread-safe.
 */
public final class Snapshots {
    /** Maximum number of snapshots. Garbage collection asks each of them about each commit. */
    public static final int COUNT_MAX = 256;

    /** Characters that every file system permits in a directory's name. No name is hidden or looks like an option. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    private final ManifestChain chain;
    private final AtomicInteger creating = new AtomicInteger();
    private volatile CheckpointSource source;

    public Snapshots(ManifestChain chain) {
        this.chain = chain;
    }

    /** Begins to serve a volume. Called once. */
    public void start(CheckpointSource newSource) {
        source = newSource;
    }

    /** Returns the snapshots of the newest known manifest, oldest first. */
    public List<Snapshot> list() {
        return chain.head().snapshots();
    }

    public static Optional<Snapshot> find(Manifest manifest, String name) {
        return manifest.snapshots().stream()
                .filter(snapshot -> snapshot.name().equals(name))
                .findFirst();
    }

    /**
     * Returns whether a snapshot is being created. Its cut may be before deaths that are durable by now, and no manifest names
     * it yet. So garbage collection announces no commits meanwhile.
     */
    public boolean isCreating() {
        return creating.get() > 0;
    }

    /**
     * Creates a snapshot of the state at a durable cut after the call. Writers wait for no request of it.
     *
     * @throws SnapshotException after UNAVAILABLE the snapshot may exist, and then it is whole
     */
    public Snapshot create(String name) throws SnapshotException {
        if (!NAME.matcher(name).matches()) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID,
                    "a name of a snapshot has 1 to 64 letters, digits, dots, underscores and hyphens,"
                            + " and begins with a letter or digit");
        }
        if (name.startsWith(AutomaticSnapshots.PREFIX)) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID,
                    "names that begin with " + AutomaticSnapshots.PREFIX + " are those of automatic snapshots");
        }
        return createAutomatic(name);
    }

    /** Creates a snapshot with a name that is a valid one. */
    Snapshot createAutomatic(String name) throws SnapshotException {
        requireFree(chain.head(), name);
        creating.incrementAndGet();
        try {
            long cut = awaitCut();
            return find(publish(manifest -> with(manifest, name, cut)), name).orElseThrow();
        } finally {
            creating.decrementAndGet();
        }
    }

    private long awaitCut() throws SnapshotException {
        try {
            return Barriers.await(source.cut());
        } catch (VolumeException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.UNAVAILABLE, "no snapshot was created: " + e.getMessage(), e);
        }
    }

    /** A checkpoint may have been published since the cut. Its tables have operations up to its own cut. */
    private static Manifest with(Manifest manifest, String name, long cut) throws SnapshotException {
        requireFree(manifest, name);
        long cutSeq = Math.max(cut, manifest.checkpoint().replayTo());
        List<Snapshot> snapshots = new ArrayList<>(manifest.snapshots());
        snapshots.add(new Snapshot(
                name,
                manifest.version(),
                manifest.salt(),
                cutSeq,
                manifest.writer().publishedAtMillis()));
        return manifest.withSnapshots(snapshots);
    }

    private static void requireFree(Manifest manifest, String name) throws SnapshotException {
        if (find(manifest, name).isPresent()) {
            throw new SnapshotException(
                    SnapshotException.Kind.EXISTS, "a snapshot with the name " + name + " exists already");
        }
        if (manifest.snapshots().size() >= COUNT_MAX) {
            throw new SnapshotException(
                    SnapshotException.Kind.TOO_MANY,
                    "the volume has " + COUNT_MAX + " snapshots, which is the most; delete some of them first");
        }
    }

    /**
     * Deletes a snapshot. Garbage collection frees its space afterwards.
     *
     * @throws SnapshotException after UNAVAILABLE the snapshot may exist or not
     */
    public Snapshot delete(String name) throws SnapshotException {
        Snapshot[] deleted = new Snapshot[1];
        publish(manifest -> {
            deleted[0] = require(manifest, name);
            return without(manifest, deleted[0]);
        });
        return deleted[0];
    }

    /** Returns a snapshot of a manifest. */
    public static Snapshot require(Manifest manifest, String name) throws SnapshotException {
        return find(manifest, name)
                .orElseThrow(() -> new SnapshotException(
                        SnapshotException.Kind.MISSING, "there is no snapshot with the name " + name));
    }

    /** Garbage collection takes old manifests in order, and has passed this one long ago. */
    private static Manifest without(Manifest manifest, Snapshot snapshot) {
        List<Snapshot> snapshots = new ArrayList<>(manifest.snapshots());
        snapshots.remove(snapshot);
        List<PendingDeletion> deletions = new ArrayList<>(manifest.deletions());
        deletions.add(new PendingDeletion.Manifests(snapshot.manifestVersion(), snapshot.manifestVersion()));
        return manifest.withSnapshots(snapshots).withDeletions(deletions);
    }

    private Manifest publish(ManifestChain.Change<SnapshotException> change) throws SnapshotException {
        try {
            return chain.publish(change);
        } catch (VolumeException e) {
            source.stop(e);
            throw new SnapshotException(
                    SnapshotException.Kind.UNAVAILABLE, "the list of snapshots did not change: " + e.getMessage(), e);
        } catch (ObjectStoreException | CorruptObjectException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.UNAVAILABLE,
                    "the list of snapshots may have changed or not: " + e.getMessage(),
                    e);
        }
    }
}
