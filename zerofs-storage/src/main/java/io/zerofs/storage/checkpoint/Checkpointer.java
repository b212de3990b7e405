// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.checkpoint;

import io.zerofs.core.background.TaskHealth;
import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.Barriers;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.upkeep.CheckpointHook;
import io.zerofs.storage.engine.upkeep.CheckpointSource;
import io.zerofs.storage.engine.upkeep.CheckpointSource.AppliedCommit;
import io.zerofs.storage.manifest.CheckpointState;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.ManifestChain;
import io.zerofs.storage.manifest.PendingDeletion;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.snapshot.Snapshots;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes checkpoints, so that the log stays short: when the log without a checkpoint passes a size or a number of
 * commits, after a time if there are changes, and at the end. It checks from time to time whether another writer took over.
 * Writers continue meanwhile, up to a hard limit of log. Thread-safe.
 */
public final class Checkpointer implements CheckpointHook, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Checkpointer.class);

    private static final Duration RETRY_MAX = Duration.ofMinutes(1);

    private final CheckpointSettings settings;
    private final EngineRuntime runtime;
    private final LocalDirectory directory;
    private final StoreWatch watch;
    private final ManifestChain chain;
    private final Snapshots snapshots;
    private final TableUpload tables;
    private final LastSeenCommit lastCommit;
    private final LogBacklog uncovered;
    private final Lock running = Machine.current().newLock();
    private final AtomicBoolean requested = new AtomicBoolean();
    private final AtomicBoolean wanted = new AtomicBoolean();
    private volatile CheckpointSource source;
    private volatile boolean ended;
    private volatile String failure;
    /** Held while files are deleted, or while the directory is given up. */
    private final Lock deleting = Machine.current().newLock();

    private boolean closed;
    /**
     * The newest published checkpoint, guarded by running. The next opening needs its tables, and compaction deletes them
     * from the database.
     */
    private Path kept;

    private volatile long lastAttemptNanos;
    private final TaskHealth health = new TaskHealth("checkpoint", Duration.ofSeconds(1), RETRY_MAX);
    private volatile long retryAtNanos;
    private long checkpoints;
    private volatile long publishedCount;
    private volatile long publishedNanos;

    /** @param replayed commits that the newest checkpoint does not cover */
    public Checkpointer(
            CheckpointSettings settings,
            EngineRuntime runtime,
            LocalDirectory directory,
            StoreWatch watch,
            TableUpload tables,
            List<ObjectHeader> replayed) {
        this.settings = settings;
        this.runtime = runtime;
        this.directory = directory;
        this.watch = watch;
        this.chain = watch.chain();
        this.snapshots = new Snapshots(chain);
        this.tables = tables;
        this.lastCommit = directory.lastCommit();
        this.uncovered = new LogBacklog(settings);
        replayed.forEach(uncovered::add);
    }

    /** Returns the chain of manifests, for changes of their other parts. */
    public ManifestChain chain() {
        return chain;
    }

    /** Returns the snapshots of the volume, which begin to work with the watch. */
    public Snapshots snapshots() {
        return snapshots;
    }

    @Override
    public void start(CheckpointSource newSource) {
        source = newSource;
        snapshots.start(newSource);
        lastAttemptNanos = runtime.nanoTime().getAsLong();
        retryAtNanos = lastAttemptNanos;
        awaitTick();
        requestIfDue();
    }

    @Override
    public void applied(ObjectHeader header) {
        lastCommit.write(new CommitId(header.epoch(), header.number()), header.salt());
        uncovered.add(header);
        requestIfDue();
    }

    @Override
    public boolean hasRoom() {
        return !uncovered.isFull();
    }

    @Override
    public boolean awaitRoom(long nanosMax) throws InterruptedException {
        return uncovered.awaitRoom(nanosMax);
    }

    @Override
    public void finish() {
        // Everything is durable: a last checkpoint only makes the next start shorter, which is not worth minutes.
        tables.hurry();
        running.lock();
        try {
            if (!ended && !uncovered.isEmpty()) {
                attempt();
            }
            ended = true;
        } finally {
            running.unlock();
        }
    }

    /** Stops watching, without a last checkpoint. Idempotent. */
    @Override
    public void close() throws IOException {
        ended = true;
        deleting.lock();
        try {
            closed = true;
        } finally {
            deleting.unlock();
        }
        lastCommit.close();
    }

    /**
     * Makes and publishes a checkpoint now.
     *
     * @throws VolumeException FENCED if another writer took over, CORRUPT if the local database is damaged
     */
    public void checkpoint() throws VolumeException, ObjectStoreException, CorruptObjectException, IOException {
        running.lock();
        try {
            long startNanos = runtime.nanoTime().getAsLong();
            long uploadedBefore = tables.uploadedBytes();
            // Read before the copy: commits in flight have entries in the copy, but no frame table yet.
            AppliedCommit applied = source.lastApplied();
            Path copy = directory.newCheckpoint(++checkpoints);
            source.checkpoint(copy);
            long replayTo = Barriers.await(source.cut());
            String rocksManifestName = Files.readString(copy.resolve("CURRENT"), StandardCharsets.US_ASCII)
                    .strip();
            byte[] rocksManifest = Files.readAllBytes(copy.resolve(rocksManifestName));
            List<TableReference> stored = tables.upload(copy);
            CheckpointState state = new CheckpointState(
                    applied.seq() + 1, replayTo, applied.salt(), rocksManifestName, rocksManifest, stored);
            Set<TableReference> inUse = new HashSet<>(stored);
            List<TableReference> unused = tables.unusedBy(inUse);
            Manifest published = chain.publish(manifest -> announce(manifest.withCheckpoint(state), unused));
            tables.published(inUse);
            kept = copy;
            uncovered.cover(applied.seq());
            publishedNanos = runtime.nanoTime().getAsLong();
            publishedCount++;
            LOG.debug(
                    "checkpoint {} covers the log through commit {}: {} tables of {} bytes, {} bytes new, {} unused, {} ms",
                    published.version(),
                    applied.seq(),
                    stored.size(),
                    stored.stream().mapToLong(TableReference::size).sum(),
                    tables.uploadedBytes() - uploadedBefore,
                    unused.size(),
                    (runtime.nanoTime().getAsLong() - startNanos) / 1_000_000);
        } finally {
            try {
                discardOthers();
            } finally {
                running.unlock();
            }
        }
    }

    /** Deletes former copies. A checkpoint may outlive its volume; then the next volume owns the directory and its leftovers. */
    private void discardOthers() {
        deleting.lock();
        try {
            if (!closed) {
                directory.deleteCheckpointsBut(kept);
            }
        } finally {
            deleting.unlock();
        }
    }

    /** Announces tables that the new state does not need in its own manifest, so that a crash cannot leave them. */
    private static Manifest announce(Manifest manifest, List<TableReference> unused) {
        List<PendingDeletion> deletions = new ArrayList<>(manifest.deletions());
        for (TableReference table : unused) {
            PendingDeletion deletion = new PendingDeletion.Table(table);
            if (!deletions.contains(deletion)) {
                deletions.add(deletion);
            }
        }
        return manifest.withDeletions(deletions);
    }

    /** Requests a checkpoint soon, for any length of the log; at most one at a time. */
    public void request() {
        if (isTime() && wanted.compareAndSet(false, true)) {
            runtime.requests().execute(this::attemptWanted);
        }
    }

    private void attemptWanted() {
        running.lock();
        try {
            if (!ended) {
                attempt();
            }
        } finally {
            running.unlock();
            wanted.set(false);
        }
    }

    @Override
    public String failure() {
        return failure;
    }

    @Override
    public CheckpointHook.Statistics statistics() {
        long count = publishedCount;
        return new CheckpointHook.Statistics(
                count,
                tables.uploadedBytes(),
                uncovered.bytes(),
                uncovered.commits(),
                health.restarts(),
                count == 0 ? Double.NaN : (runtime.nanoTime().getAsLong() - publishedNanos) / 1e9);
    }

    /** Returns whether a failure has rested long enough, because each attempt copies the index. */
    private boolean isTime() {
        return source != null && !ended && runtime.nanoTime().getAsLong() - retryAtNanos >= 0;
    }

    private void requestIfDue() {
        if (isTime() && uncovered.isDue() && requested.compareAndSet(false, true)) {
            runtime.requests().execute(this::attemptRequested);
        }
    }

    private void attemptRequested() {
        running.lock();
        try {
            requested.set(false);
            // A failure waits for its time. After a success the log may be too long again.
            while (!ended && uncovered.isDue() && attempt()) {
                LOG.debug("the log may still be too long");
            }
        } finally {
            running.unlock();
        }
    }

    /** Returns whether a checkpoint was published. */
    private boolean attempt() {
        lastAttemptNanos = runtime.nanoTime().getAsLong();
        failure = null;
        try {
            checkpoint();
            health.succeeded();
            return true;
        } catch (VolumeException e) {
            switch (e.kind()) {
                case FENCED -> end(e);
                // The local index is damaged and the store is not: a new start builds another index.
                case CORRUPT -> end(new VolumeException(VolumeException.Kind.DISK, e.getMessage(), e));
                case UNAVAILABLE, NO_SPACE, DISK, READ_ONLY, CLOSED -> putOff(e);
            }
        } catch (CorruptObjectException e) {
            unreadable(e);
        } catch (ObjectStoreException | IOException | RuntimeException | Error e) {
            putOff(e);
        }
        return false;
    }

    private void putOff(Throwable why) {
        failure = why.getMessage() == null ? why.toString() : why.getMessage();
        long delay = health.failed(why);
        retryAtNanos = runtime.nanoTime().getAsLong() + delay;
        // If the log is full, no commit comes that would request a checkpoint again.
        runtime.timer().after(delay, this::requestIfDue);
    }

    /** Handles an unreadable object. A person can remove a foreign one. Any other may belong to a newer writer. */
    private void unreadable(CorruptObjectException e) {
        if (e.isForeign()) {
            LOG.error("no checkpoint until a person has acted: {}", e.getMessage());
            putOff(e);
        } else {
            end(new VolumeException(VolumeException.Kind.CORRUPT, e.getMessage(), e));
        }
    }

    private void end(VolumeException reason) {
        ended = true;
        source.stop(reason);
    }

    private void awaitTick() {
        runtime.timer()
                .after(
                        settings.watchInterval().toNanos(),
                        () -> runtime.requests().execute(this::tick));
    }

    private void tick() {
        if (ended) {
            return;
        }
        try {
            watch.look();
            boolean late = runtime.nanoTime().getAsLong() - lastAttemptNanos
                    >= settings.interval().toNanos();
            if (late && changedSinceCheckpoint()) {
                attempt();
            }
            requestIfDue();
        } catch (VolumeException e) {
            end(e);
        } catch (CorruptObjectException e) {
            unreadable(e);
        } catch (ObjectStoreException e) {
            LOG.debug("cannot check whether another writer took over: {}", e.getMessage());
        } catch (RuntimeException | Error e) {
            putOff(e);
        } finally {
            awaitTick();
        }
    }

    /** Returns whether there are changes. The cut of a checkpoint is itself new log, and alone no reason for another one. */
    private boolean changedSinceCheckpoint() {
        return source.lastApplied().seq() > chain.head().checkpoint().replayTo();
    }
}
