// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.manifest;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStore.ObjectInfo;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.retry.CreateRetry;
import io.zerofs.storage.retry.ExclusiveCreate;
import io.zerofs.storage.retry.ReadRetry;
import io.zerofs.storage.seal.ObjectKeys;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** Reads and creates manifests. Thread-safe. */
public final class ManifestStore {
    private static final int LIST_MAX = 1000;

    /** Maximum reads. A listed manifest may be deleted before it is read, but not the newest one, and not often. */
    private static final int READS_MAX = 16;

    private final ObjectStore store;
    private final ObjectKeys keys;
    private final CreateRetry creation;

    public ManifestStore(ObjectStore store, ObjectKeys keys) {
        this.store = store;
        this.keys = keys;
        this.creation = new CreateRetry(store);
    }

    /** The outcome of a create. */
    sealed interface Outcome permits Published, Overtaken {}

    /** The store has the manifest, and it is the newest. */
    record Published() implements Outcome {}

    /** Another manifest has the name or a higher version. Ours has no effect. */
    public record Overtaken(Manifest newest) implements Outcome {}

    /**
     * The newest listed manifest as the store returned it. Reading it needs no keys.
     *
     * @param bytes empty if there is none
     */
    public record Listed(long version, Optional<ByteBuffer> bytes) {}

    /** Lists the manifests and reads the newest one. */
    public static Listed list(ObjectStore store) throws ObjectStoreException {
        long version = lastListed(store, 0);
        return new Listed(
                version,
                version == 0
                        ? Optional.empty()
                        : Optional.of(store.get(Manifest.objectName(version), ManifestCodec.OBJECT_BYTES_MAX)
                                .bytes()));
    }

    /** Returns the newest manifest; {@link Manifest#NONE} if there is none. */
    public Manifest newest() throws ObjectStoreException, CorruptObjectException {
        return newestFrom(0);
    }

    /** Returns the newest manifest from a list that somebody made before, and from there on. */
    public Manifest newest(Listed listed) throws ObjectStoreException, CorruptObjectException {
        try {
            Manifest manifest = listed.bytes().isEmpty()
                    ? Manifest.NONE
                    : ManifestCodec.open(keys, listed.version(), listed.bytes().get());
            return newestAbove(manifest);
        } catch (CorruptObjectException e) {
            return newest(); // A second answer decides.
        }
    }

    /**
     * Creates the next link, and then lists from its version on. The list is necessary: a writer that slept can create the
     * name of a deleted manifest again, so the creation alone proves nothing.
     */
    public Outcome create(Manifest manifest) throws ObjectStoreException, CorruptObjectException {
        return create(manifest, () -> {});
    }

    /** @param created runs when the store has the manifest, before the list */
    public Outcome create(Manifest manifest, Runnable created) throws ObjectStoreException, CorruptObjectException {
        ByteBuffer bytes = ManifestCodec.seal(keys, manifest);
        ExclusiveCreate.Outcome outcome = creation.create(manifest.objectName(), List.of(bytes), manifest.salt());
        if (outcome instanceof ExclusiveCreate.Created) {
            created.run();
        }
        Optional<Manifest> newer = newerThan(manifest.version());
        if (outcome instanceof ExclusiveCreate.Created && newer.isEmpty()) {
            return new Published();
        }
        return new Overtaken(newer.isPresent() ? newer.get() : newestFrom(manifest.version() - 1));
    }

    /** Returns the newest manifest above a version, if there is one. */
    public Optional<Manifest> newerThan(long version) throws ObjectStoreException, CorruptObjectException {
        // A list and no GET of the next version, which may have come and gone while this process slept.
        return lastListed(version) > version ? Optional.of(newestFrom(version)) : Optional.empty();
    }

    /** Returns whether the store refuses a second creation. Sends the same bytes, so nothing can be lost. */
    public boolean refusesToCreateAgain(Manifest manifest) throws ObjectStoreException {
        ByteBuffer bytes = ManifestCodec.seal(keys, manifest);
        return store.put(manifest.objectName(), List.of(bytes), new ObjectStore.IfAbsent())
                == ObjectStore.PutOutcome.REFUSED;
    }

    /** Returns the newest manifest, which has this version or a higher one. */
    Manifest newestFrom(long version) throws ObjectStoreException, CorruptObjectException {
        for (int i = 0; i < READS_MAX; i++) {
            Optional<Manifest> found = probeUpwards(lastListed(version));
            if (found.isPresent()) {
                return found.get();
            }
        }
        throw new ObjectStoreException(
                ObjectStoreException.Kind.UNAVAILABLE, "manifests are listed that cannot be read", null);
    }

    /** Reads a listed manifest and any newer ones that the list may have missed; empty if it is gone. */
    private Optional<Manifest> probeUpwards(long listed) throws ObjectStoreException, CorruptObjectException {
        Optional<Manifest> found = listed == 0 ? Optional.of(Manifest.NONE) : read(listed);
        return found.isEmpty() ? found : Optional.of(newestAbove(found.get()));
    }

    private Manifest newestAbove(Manifest manifest) throws ObjectStoreException, CorruptObjectException {
        Manifest newest = manifest;
        for (Optional<Manifest> next = read(newest.version() + 1);
                next.isPresent();
                next = read(newest.version() + 1)) {
            newest = next.get();
        }
        return newest;
    }

    /** Returns the highest listed version above another; that other one if there is none. */
    long lastListed(long after) throws ObjectStoreException {
        return lastListed(store, after);
    }

    private static long lastListed(ObjectStore store, long after) throws ObjectStoreException {
        long last = after;
        String from = after == 0 ? "" : Manifest.objectName(after);
        List<ObjectInfo> page;
        do {
            page = store.list(Manifest.PREFIX, from, LIST_MAX);
            for (ObjectInfo info : page) {
                last = Math.max(last, Manifest.versionOf(info.name()));
                from = info.name();
            }
        } while (page.size() == LIST_MAX);
        return last;
    }

    /** Reads the manifest of a snapshot, which garbage collection keeps as long as the snapshot exists. */
    public Manifest read(Snapshot snapshot) throws ObjectStoreException, CorruptObjectException {
        String name = Manifest.objectName(snapshot.manifestVersion());
        Manifest manifest = read(snapshot.manifestVersion())
                .orElseThrow(() -> new CorruptObjectException(
                        name, "object", "snapshot " + snapshot.name() + " needs it, and it is missing"));
        if (!manifest.salt().equals(snapshot.manifestSalt())) {
            throw new CorruptObjectException(
                    name, "header", "it is another manifest than the one of snapshot " + snapshot.name());
        }
        return manifest;
    }

    /** Reads a manifest; empty if it is missing. */
    Optional<Manifest> read(long version) throws ObjectStoreException, CorruptObjectException {
        String name = Manifest.objectName(version);
        try {
            return Optional.of(ReadRetry.at(() -> {
                ByteBuffer bytes =
                        store.get(name, ManifestCodec.OBJECT_BYTES_MAX).bytes();
                return ManifestCodec.open(keys, version, bytes);
            }));
        } catch (ObjectStoreException e) {
            if (e.kind() == ObjectStoreException.Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
