// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.core.secret.Secret;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.cache.PageCache;
import io.zerofs.storage.checkpoint.LocalDirectory;
import io.zerofs.storage.checkpoint.TableFiles;
import io.zerofs.storage.engine.ReadOnlyVolume;
import io.zerofs.storage.engine.RecoveredVolume;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.index.PrivateDirectory;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.ManifestStore;
import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.manifest.WriterTerm;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.Salt;
import io.zerofs.storage.snapshot.SnapshotException;
import io.zerofs.storage.snapshot.Snapshots;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Looks into a volume without being its writer: claims no epoch, fences no log and writes nothing to the store. A writer
 * beside it continues undisturbed, also on the same machine. Each view is the state at a durable cut. One thread opens views.
 */
public final class VolumeReader implements AutoCloseable {
    /** Maximum attempts to open a state while garbage collection deletes objects of older ones. */
    private static final int ATTEMPTS_MAX = 8;

    private final ObjectStore store;
    private final ObjectKeys keys;
    private final boolean ownsKeys;
    private final ScratchDirectory scratch;
    private final Environment environment;
    private final OpenProgress progress;
    private final ParallelRequests requests;
    private final PageCache pages;
    private int views;

    /**
     * The environment of a reader.
     *
     * @param cacheDirectory has the reader's private directory and the native library; daemons may use it too
     */
    public record Environment(EngineRuntime runtime, OpenSettings settings, Path cacheDirectory) {}

    /**
     * One state of the volume.
     *
     * @param manifest the manifest that it was opened at
     * @param lastSeq its last commit
     * @param lastSalt the salt of that commit
     * @param volume the reading volume, which the owner of the view closes
     */
    public record View(Manifest manifest, long lastSeq, Salt lastSalt, RocksIndex index, ReadOnlyVolume volume)
            implements AutoCloseable {
        @Override
        public void close() throws VolumeException {
            volume.close();
        }
    }

    private VolumeReader(
            ObjectStore store,
            ObjectKeys keys,
            boolean ownsKeys,
            ScratchDirectory scratch,
            Environment environment,
            OpenProgress progress) {
        this.store = store;
        this.keys = keys;
        this.ownsKeys = ownsKeys;
        this.scratch = scratch;
        this.environment = environment;
        this.progress = progress;
        this.requests = new ParallelRequests(environment.runtime().requests());
        this.pages = new PageCache(environment.settings().engine().memory().pageCacheBytes());
    }

    /** Unlocks the volume of a store. The store stays open when the reader is closed. */
    public static VolumeReader open(ObjectStore store, Secret password, Environment environment, OpenProgress progress)
            throws OpenException {
        ObjectKeys keys = null;
        try {
            progress.advanced(OpenProgress.Step.READING_VOLUME, 0, 1);
            keys = new VolumeKeys(
                            store,
                            environment.settings().kdf(),
                            environment.runtime().random())
                    .unlockExisting(password, () -> progress.advanced(OpenProgress.Step.DERIVING_KEY, 0, 1));
            ScratchDirectory scratch = ScratchDirectory.make(environment.cacheDirectory());
            VolumeReader reader = new VolumeReader(store, keys, true, scratch, environment, progress);
            keys = null;
            return reader;
        } catch (ObjectStoreException e) {
            throw OpenException.of(e);
        } catch (CorruptObjectException e) {
            throw OpenException.of(e);
        } catch (IOException e) {
            throw OpenException.of(e, environment.cacheDirectory());
        } finally {
            if (keys != null) {
                keys.close();
            }
        }
    }

    /** Returns a reader in the process of the volume's writer. Store and keys stay open when the reader is closed. */
    public static VolumeReader beside(
            ObjectStore store, ObjectKeys keys, Environment environment, OpenProgress progress) throws OpenException {
        try {
            return new VolumeReader(
                    store, keys, false, ScratchDirectory.make(environment.cacheDirectory()), environment, progress);
        } catch (IOException e) {
            throw OpenException.of(e, environment.cacheDirectory());
        }
    }

    /** Returns the keys. */
    public ObjectKeys keys() {
        return keys;
    }

    /** Returns a private directory for temporary files, which the reader deletes. */
    public Path scratch() {
        return scratch.path();
    }

    /** Returns the newest manifest. */
    public Manifest newestManifest() throws OpenException {
        try {
            return newest(new StoredLog(store, keys));
        } catch (ObjectStoreException e) {
            throw OpenException.of(e);
        } catch (CorruptObjectException e) {
            throw OpenException.of(e);
        }
    }

    private Manifest newest(StoredLog log) throws ObjectStoreException, CorruptObjectException, OpenException {
        return new NewestManifest(store, log, new ManifestStore(store, keys)).read(Optional.empty());
    }

    /**
     * Opens the newest state. Only an object that the newest manifest needs counts as lost, because garbage collection may
     * delete the others meanwhile.
     */
    public View openNewest() throws OpenException {
        for (int attempt = 1; ; attempt++) {
            Manifest manifest = newestManifest();
            try {
                return openAt(manifest, log -> endingNow(manifest, log));
            } catch (OpenException e) {
                boolean gone = e.kind() == OpenException.Kind.LOST_OBJECT;
                if (!gone || attempt == ATTEMPTS_MAX || newestManifest().version() == manifest.version()) {
                    throw e;
                }
            }
        }
    }

    /** Opens a snapshot, also beside a daemon. Its objects stay in the store until the snapshot is deleted. */
    public View openSnapshot(String name) throws OpenException {
        for (int attempt = 1; ; attempt++) {
            Snapshot snapshot = requireSnapshot(name);
            try {
                Manifest manifest = manifestOf(snapshot);
                return openAt(manifest, log -> endingAt(snapshot.cutSeq(), manifest));
            } catch (OpenException e) {
                // A snapshot that is deleted meanwhile loses its objects, and another one may get its name.
                if (attempt == ATTEMPTS_MAX || requireSnapshot(name).equals(snapshot)) {
                    throw e;
                }
            }
        }
    }

    /** Returns the manifest of a snapshot. */
    public Manifest manifestOf(Snapshot snapshot) throws OpenException {
        try {
            return new ManifestStore(store, keys).read(snapshot);
        } catch (ObjectStoreException e) {
            throw OpenException.of(e);
        } catch (CorruptObjectException e) {
            throw OpenException.of(e);
        }
    }

    /** Returns a snapshot of the newest manifest. */
    public Snapshot requireSnapshot(String name) throws OpenException {
        try {
            return Snapshots.require(newestManifest(), name);
        } catch (SnapshotException e) {
            throw new OpenException(OpenException.Kind.NO_SNAPSHOT, e.getMessage(), e);
        }
    }

    /** Requires that the snapshot of this name still has this state. Another snapshot may have got the name. */
    public void requireSnapshot(String name, Manifest state) throws OpenException {
        if (requireSnapshot(name).manifestVersion() != state.version()) {
            throw new OpenException(OpenException.Kind.NO_SNAPSHOT, "snapshot " + name + " was deleted meanwhile");
        }
    }

    /** Returns the terms of the log through a commit, which was durable before the manifest was published. */
    private static List<WriterTerm> endingAt(long cutSeq, Manifest manifest) {
        return manifest.terms().stream()
                .filter(WriterTerm::hasServed)
                .map(term -> term.isOpen() ? new WriterTerm(term.epoch(), term.firstSeq(), cutSeq) : term)
                .filter(WriterTerm::hasCommits)
                .toList();
    }

    /** Finds the terms of a log, each with its last seq. */
    private interface Ends {
        List<WriterTerm> of(StoredLog log)
                throws ObjectStoreException, CorruptObjectException, OpenException, IOException;
    }

    /** Returns the terms of the log through the last durable commit. */
    private List<WriterTerm> endingNow(Manifest manifest, StoredLog log)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
        List<WriterTerm> served =
                manifest.terms().stream().filter(WriterTerm::hasServed).toList();
        // A gap past the last durable commit is the end: nothing is fenced, and the writer may fill it later.
        return new LogEnds(log, requests, Long.MAX_VALUE, names -> List.of())
                .of(served, manifest.checkpoint(), progress);
    }

    /** Opens the state of a manifest and its log. */
    private View openAt(Manifest manifest, Ends ends) throws OpenException {
        Path database = scratch.path().resolve("view-" + ++views);
        View view = null;
        try {
            view = build(manifest, ends, database);
            return view;
        } catch (ObjectStoreException e) {
            throw OpenException.of(e);
        } catch (CorruptObjectException e) {
            throw OpenException.of(e);
        } catch (VolumeException e) {
            throw OpenException.of(e);
        } catch (IOException e) {
            throw OpenException.of(e, environment.cacheDirectory());
        } finally {
            if (view == null) {
                deleteQuietly(database);
            }
        }
    }

    private View build(Manifest manifest, Ends ends, Path database)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException, VolumeException {
        PrivateDirectory.make(database);
        StoredLog log = new StoredLog(store, keys);
        List<WriterTerm> terms = ends.of(log);
        new IndexRestore(store, new TableFiles(keys), requests, progress)
                .build(manifest.checkpoint(), database, List.of());
        RocksIndex index = RocksIndex.open(
                database,
                environment.cacheDirectory().resolve("native"),
                environment.settings().index());
        boolean done = false;
        try {
            LogReplay.Result end = new LogReplay(log, requests, terms, manifest.checkpoint())
                    .replay(new CommitApplier(index), progress);
            RecoveredVolume recovered = new RecoveredVolume(
                    manifest.epoch(),
                    end.lastSeq(),
                    end.lastSalt(),
                    store,
                    keys,
                    index,
                    database,
                    () -> LocalDirectory.delete(database));
            View view = new View(
                    manifest,
                    end.lastSeq(),
                    end.lastSalt(),
                    index,
                    new ReadOnlyVolume(recovered, environment.runtime(), pages));
            done = true;
            return view;
        } finally {
            if (!done) {
                index.close();
            }
        }
    }

    /** Returns the store's log and manifests, for a follower of this reader. */
    LogTail tail() {
        return new LogTail(new StoredLog(store, keys), new ManifestStore(store, keys), store, requests);
    }

    /**
     * Returns a later state of a view, as its index is now.
     *
     * @param release runs when the state is closed
     */
    ReadOnlyVolume stateOf(View view, LogTail.Position position, Runnable release) throws VolumeException {
        RocksIndex index = view.index().snapshot();
        RecoveredVolume state = new RecoveredVolume(
                position.epoch(),
                position.lastSeq(),
                position.lastSalt(),
                store,
                keys,
                index,
                scratch.path(),
                release::run);
        return new ReadOnlyVolume(state, environment.runtime(), pages);
    }

    EngineRuntime runtime() {
        return environment.runtime();
    }

    private static void deleteQuietly(Path database) {
        try {
            LocalDirectory.delete(database);
        } catch (IOException e) {
            // The whole directory is deleted when the reader is closed.
        }
    }

    /** Deletes the private directory. The views are closed before. */
    @Override
    public void close() throws IOException {
        if (ownsKeys) {
            keys.close();
        }
        scratch.close();
    }
}
