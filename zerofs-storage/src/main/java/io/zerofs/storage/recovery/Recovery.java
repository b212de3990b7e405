// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.core.secret.Secret;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.checkpoint.Checkpointer;
import io.zerofs.storage.checkpoint.LastSeenCommit;
import io.zerofs.storage.checkpoint.LocalDirectory;
import io.zerofs.storage.checkpoint.StoreWatch;
import io.zerofs.storage.checkpoint.TableFiles;
import io.zerofs.storage.checkpoint.TableUpload;
import io.zerofs.storage.engine.RecoveredVolume;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.manifest.CheckpointState;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.ManifestChain;
import io.zerofs.storage.manifest.ManifestStore;
import io.zerofs.storage.manifest.WriterTerm;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.retry.CreateRetry;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps from a store and a password to a volume that can serve. After any failure it closes everything that it opened.
 * Published objects stay, and the next opening continues from them. One thread uses it once.
 */
public final class Recovery {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

    private final ObjectStore store;
    private final OpenSettings settings;
    private final Environment environment;
    private final OpenProgress progress;
    private final ParallelRequests requests;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    public Recovery(ObjectStore store, OpenSettings settings, Environment environment, OpenProgress progress) {
        this.store = store;
        this.settings = settings;
        this.environment = environment;
        this.progress = progress;
        this.requests = new ParallelRequests(environment.runtime().requests());
    }

    /**
     * The environment of the volume.
     *
     * @param description this writer's machine, for people
     */
    public record Environment(EngineRuntime runtime, InstantSource clock, String description) {}

    /** A volume that can serve, with its checkpointer. */
    public record Recovered(RecoveredVolume volume, Checkpointer keeper) {}

    /** Opens the volume. Called once. */
    public Recovered recover(Secret password, Path cacheDirectory) throws OpenException {
        boolean done = false;
        try {
            Recovered recovered = run(password, cacheDirectory);
            done = true;
            return recovered;
        } catch (ObjectStoreException e) {
            throw OpenException.of(e);
        } catch (CorruptObjectException e) {
            throw OpenException.of(e);
        } catch (VolumeException e) {
            throw OpenException.of(e);
        } catch (IOException e) {
            throw OpenException.of(e, cacheDirectory);
        } finally {
            if (!done) {
                closeAll();
            }
        }
    }

    private Recovered run(Secret password, Path cacheDirectory)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException, VolumeException {
        progress.advanced(OpenProgress.Step.READING_VOLUME, 0, 1);
        KnownPlaces known = new KnownPlaces(cacheDirectory);
        // The derivation of the key takes longer than these.
        CompletableFuture<ManifestStore.Listed> listed = requests.start(() -> ManifestStore.list(store));
        requests.start(() -> loadLibrary(cacheDirectory));
        VolumeKeys volume =
                new VolumeKeys(store, settings.kdf(), environment.runtime().random());
        ObjectKeys keys = own(volume.unlockOrCreate(
                password, settings, known, () -> progress.advanced(OpenProgress.Step.DERIVING_KEY, 0, 1)));
        // Before the claim: a second daemon on one directory must not end the first.
        LocalDirectory directory = own(lock(cacheDirectory, keys.volume()));
        known.remember(keys.volume(), store.describe());
        ManifestStore manifests = new ManifestStore(store, keys);
        StoredLog log = new StoredLog(store, keys);
        Manifest claim = new EpochClaim(
                        store, log, manifests, requests, environment.runtime().random(), environment.clock())
                .claim(
                        ParallelRequests.ifSucceeded(listed),
                        environment.description(),
                        settings.acceptUnconditionalWrites(),
                        progress);
        List<WriterTerm> ended = new WriterFence(
                        keys,
                        log,
                        requests,
                        new CreateRetry(store),
                        environment.runtime().random())
                .endEarlierTerms(claim, progress);
        TableFiles tables = new TableFiles(keys);
        RocksIndex index = own(openDatabase(claim, directory, cacheDirectory, tables));
        LogReplay.Result end =
                new LogReplay(log, requests, ended, claim.checkpoint()).replay(new CommitApplier(index), progress);
        compareWithMemory(directory, end, claim.checkpoint());
        ManifestChain chain =
                new ManifestChain(manifests, claim, environment.runtime().random(), environment.clock());
        chain.publish(manifest -> manifest.withTerms(serving(ended, claim.epoch(), end.lastSeq() + 1)));
        return assemble(new Parts(keys, directory, new StoreWatch(chain, volume::restoreIfGone), tables, index), end);
    }

    /**
     * Loads RocksDB's library early, from where an earlier start has put it: a wrong password leaves no directory. If that
     * fails, the database that needs it reports the failure.
     */
    private static Void loadLibrary(Path cacheDirectory) throws IOException {
        Path place = nativeDirectory(cacheDirectory);
        if (Files.isDirectory(place)) {
            RocksIndex.loadLibrary(place);
        }
        return null;
    }

    private static Path nativeDirectory(Path cacheDirectory) {
        return cacheDirectory.resolve("native");
    }

    private static LocalDirectory lock(Path cacheDirectory, UUID volume) throws IOException, OpenException {
        return LocalDirectory.lock(cacheDirectory, volume)
                .orElseThrow(() -> new OpenException(
                        OpenException.Kind.DIRECTORY_LOCKED,
                        "another daemon uses the volume's local directory " + LocalDirectory.of(cacheDirectory, volume)
                                + "; stop it or use another cache"));
    }

    private record Parts(
            ObjectKeys keys, LocalDirectory directory, StoreWatch watch, TableFiles tables, RocksIndex index) {}

    private Recovered assemble(Parts parts, LogReplay.Result end) {
        Manifest serving = parts.watch().chain().head();
        TableUpload upload = new TableUpload(
                store,
                parts.tables(),
                serving.epoch(),
                serving.checkpoint().tables(),
                environment.runtime().random());
        Checkpointer keeper = new Checkpointer(
                settings.checkpoints(),
                environment.runtime(),
                parts.directory(),
                parts.watch(),
                upload,
                end.replayed());
        opened.remove(parts.index());
        opened.push(keeper);
        RecoveredVolume volume = new RecoveredVolume(
                serving.epoch(),
                end.lastSeq(),
                end.lastSalt(),
                store,
                parts.keys(),
                parts.index(),
                parts.directory().path(),
                this::closeAll);
        return new Recovered(volume, keeper);
    }

    private RocksIndex openDatabase(Manifest claim, LocalDirectory directory, Path cacheDirectory, TableFiles tables)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException, VolumeException {
        Path database = directory.newDatabase(claim.epoch());
        List<Path> leftovers = directory.leftovers(database);
        new IndexRestore(store, tables, requests, progress).build(claim.checkpoint(), database, leftovers);
        RocksIndex index = RocksIndex.open(database, nativeDirectory(cacheDirectory), settings.index());
        directory.deleteLeftovers(leftovers);
        return index;
    }

    private static List<WriterTerm> serving(List<WriterTerm> ended, long epoch, long firstSeq) {
        List<WriterTerm> terms = new ArrayList<>(ended);
        terms.add(WriterTerm.serving(epoch, firstSeq));
        return terms;
    }

    /** Warns about an old state of the store. Nothing in the store can reveal it, but this machine may remember more. */
    private void compareWithMemory(LocalDirectory directory, LogReplay.Result end, CheckpointState checkpoint)
            throws IOException {
        Optional<LastSeenCommit.Seen> remembered;
        try (LastSeenCommit memory = directory.lastCommit()) {
            remembered = memory.read();
        }
        if (remembered.isEmpty()) {
            return;
        }
        LastSeenCommit.Seen seen = remembered.get();
        long seq = seen.id().seq();
        if (seq > end.lastSeq()) {
            warn("the store ends with commit " + end.lastSeq() + ", but this machine has seen commit " + seq
                    + ": it was restored, or presents an old state");
        } else if (end.replayed().stream().anyMatch(header -> isOtherTimeline(header, seen))
                || seq == checkpoint.replayFrom() - 1 && !seen.salt().equals(checkpoint.anchor())) {
            warn("the store holds another commit " + seq + " than the one that this machine has seen:"
                    + " it was restored and written to since");
        }
    }

    private static boolean isOtherTimeline(ObjectHeader header, LastSeenCommit.Seen seen) {
        return header.number() == seen.id().seq() && !header.salt().equals(seen.salt());
    }

    private void warn(String message) {
        LOG.warn("{}", message);
        progress.warned(message);
    }

    private <T extends AutoCloseable> T own(T resource) {
        opened.push(resource);
        return resource;
    }

    private void closeAll() {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                LOG.error("a resource of the volume could not be released", e);
            }
        }
    }
}
