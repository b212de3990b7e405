// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import io.zerofs.core.background.TaskHealth;
import io.zerofs.core.volume.Barriers;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.checkpoint.Checkpointer;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.engine.upkeep.GcSource;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.ManifestChain;
import io.zerofs.storage.manifest.PendingDeletion;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.manifest.WriterTerm;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.snapshot.Snapshots;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes objects in two steps. A manifest announces them, which proves that this writer still owns the volume. After the
 * grace period the reaper deletes the objects, and a logged batch removes them from the index. When the store has answered
 * and that batch is durable, another manifest drops their names. A process may die after any step: the next writer finds
 * the names in the newest manifest and repeats the steps. Confined to one thread at a time.
 */
final class ObjectReaper {
    private static final Logger LOG = LoggerFactory.getLogger(ObjectReaper.class);

    /** Maximum number of names in one request of S3. */
    private static final int NAMES_PER_REQUEST = 1000;

    /** Maximum entries of the published list. Further dead objects wait for the next pass. */
    private static final int LISTED_MAX = 4096;

    /** Number of old manifests from which on their deletion is worth the two manifests that it costs. */
    private static final int OLD_MANIFESTS_MAX = 16;

    private static final int MANIFESTS_PER_DELETION = 1 << 16;
    private static final int FORGOTTEN_BYTES_PER_BATCH = 1 << 20;

    private final RocksIndex index;
    private final ObjectStore store;
    private final ManifestChain chain;
    private final Snapshots snapshots;
    private final GcSource source;
    private final LiveBytes live;
    private final long graceNanos;
    private final LongSupplier nanoTime;
    private final SnapshotPins pins;
    private final Map<PendingDeletion, Long> announcedAt = new HashMap<>();
    private final Set<PendingDeletion> answered = new LinkedHashSet<>();
    private final List<PendingDeletion> orphans = new ArrayList<>();
    private final TaskHealth health;
    private final LongAdder deleted = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private long forgottenBytes;
    private long oldestManifest;

    /** The parts of the volume that deletion needs. */
    record Volume(RocksIndex index, ObjectStore store, Checkpointer checkpoints, GcSource source) {}

    ObjectReaper(Volume volume, LiveBytes live, SnapshotPins pins, long graceNanos, LongSupplier nanoTime) {
        this.index = volume.index();
        this.store = volume.store();
        this.chain = volume.checkpoints().chain();
        this.snapshots = volume.checkpoints().snapshots();
        this.source = volume.source();
        this.live = live;
        this.pins = pins;
        this.graceNanos = graceNanos;
        this.health = new TaskHealth("deletion of objects", Duration.ofNanos(graceNanos), Duration.ofNanos(graceNanos));
        this.nanoTime = nanoTime;
    }

    /** Returns the number of objects whose deletion the store confirmed. */
    long deleted() {
        return deleted.sum();
    }

    long failed() {
        return failed.sum();
    }

    /** Returns the bytes of keys and values removed from the index so far. */
    long forgottenBytes() {
        return forgottenBytes;
    }

    /** Adds objects that a sweep found, for the next announcement. */
    void offer(List<PendingDeletion> found) {
        orphans.addAll(found);
    }

    /** Deletes objects after their grace period and announces dead ones. Returns whether it published a manifest. */
    boolean pass() throws VolumeException, ObjectStoreException, CorruptObjectException {
        live.check();
        Manifest head = chain.head();
        pins.follow(head);
        deleteAnnounced(head);
        List<PendingDeletion> dead = deadCommits(head);
        dead.addAll(orphans);
        dead.removeAll(head.deletions());
        addOldManifests(head, dead);
        Set<PendingDeletion> done = Set.copyOf(answered);
        if (dead.isEmpty() && done.isEmpty()) {
            return false;
        }
        Set<Long> epochs = live.epochs();
        Manifest published = chain.publish(manifest -> change(manifest, dead, done, epochs));
        answered.removeAll(done);
        orphans.clear();
        announcedAt.keySet().retainAll(published.deletions());
        return true;
    }

    private Manifest change(
            Manifest manifest, List<PendingDeletion> dead, Set<PendingDeletion> done, Set<Long> epochs) {
        Set<PendingDeletion> deletions = new LinkedHashSet<>(manifest.deletions());
        deletions.removeAll(done);
        deletions.addAll(isSafe(manifest) ? dead : withoutCommits(dead));
        List<WriterTerm> terms = manifest.terms().stream()
                .filter(term -> isNeeded(term, manifest, deletions, epochs))
                .toList();
        return manifest.withDeletions(List.copyOf(deletions)).withTerms(terms);
    }

    /**
     * Returns whether the pins know every snapshot. One that is being created may have its cut before a death that was counted.
     * One whose creation had an unknown outcome may come with a lost race.
     */
    private boolean isSafe(Manifest manifest) {
        return !snapshots.isCreating() && pins.areOf(manifest);
    }

    /** Commits wait for the next pass. Tables and manifests are compared with the pins when they are deleted. */
    private static List<PendingDeletion> withoutCommits(List<PendingDeletion> dead) {
        return dead.stream()
                .filter(deletion -> !(deletion instanceof PendingDeletion.Commits))
                .toList();
    }

    /** Returns whether the history needs an epoch: it is open, or some of its commits still exist. */
    private static boolean isNeeded(
            WriterTerm term, Manifest manifest, Set<PendingDeletion> deletions, Set<Long> epochsWithCommits) {
        return term.isOpen()
                || term.lastSeq() >= manifest.checkpoint().replayFrom()
                || epochsWithCommits.contains(term.epoch())
                || !manifest.snapshots().isEmpty()
                || deletions.stream()
                        .anyMatch(deletion ->
                                deletion instanceof PendingDeletion.Commits commits && commits.epoch() == term.epoch());
    }

    /** Returns runs of commits without live frames that no replay needs and no snapshot pins. */
    private List<PendingDeletion> deadCommits(Manifest head) throws VolumeException {
        Set<CommitId> listed = listedCommits(head);
        List<PendingDeletion> runs = new ArrayList<>();
        PendingDeletion.Commits run = null;
        int room = LISTED_MAX - head.deletions().size();
        for (CommitSpace commit : live.commits()) {
            if (commit.seq() >= head.checkpoint().replayFrom() || runs.size() >= room) {
                break;
            }
            if (!commit.isDead() || listed.contains(commit.id()) || pins.hold(commit) || !isReallyDead(commit)) {
                continue;
            }
            if (run != null && run.epoch() == commit.id().epoch() && run.lastSeq() == commit.seq() - 1) {
                runs.remove(runs.size() - 1);
                run = new PendingDeletion.Commits(run.epoch(), run.firstSeq(), commit.seq());
            } else {
                run = new PendingDeletion.Commits(commit.id().epoch(), commit.seq(), commit.seq());
            }
            runs.add(run);
        }
        return runs;
    }

    /** Returns whether the index agrees, because a deletion cannot be undone. */
    private boolean isReallyDead(CommitSpace commit) throws VolumeException {
        CommitSpace counted = live.recount(commit.seq());
        if (counted == null || !counted.isDead() || !counted.id().equals(commit.id())) {
            throw new VolumeException(
                    VolumeException.Kind.CORRUPT,
                    "commit " + commit.seq() + " is counted as dead, but the index has " + counted);
        }
        return true;
    }

    private static Set<CommitId> listedCommits(Manifest head) {
        Set<CommitId> listed = new LinkedHashSet<>();
        for (PendingDeletion deletion : head.deletions()) {
            if (deletion instanceof PendingDeletion.Commits commits) {
                listed.addAll(idsOf(commits));
            }
        }
        return listed;
    }

    static List<CommitId> idsOf(PendingDeletion.Commits commits) {
        List<CommitId> ids = new ArrayList<>();
        for (long seq = commits.firstSeq(); seq <= commits.lastSeq(); seq++) {
            ids.add(new CommitId(commits.epoch(), seq));
        }
        return ids;
    }

    /** Adds old manifests. Few of them are no reason to publish, because each publication makes another one. */
    private void addOldManifests(Manifest head, List<PendingDeletion> dead) throws ObjectStoreException {
        if (oldestManifest == 0) {
            List<ObjectStore.ObjectInfo> first = store.list(Manifest.PREFIX, "", 1);
            oldestManifest = first.isEmpty()
                    ? head.version()
                    : Manifest.versionOf(first.get(0).name());
        }
        boolean announced = head.deletions().stream().anyMatch(PendingDeletion.Manifests.class::isInstance);
        if (!announced && head.version() - oldestManifest > OLD_MANIFESTS_MAX) {
            long last = Math.min(head.version() - 1, oldestManifest + MANIFESTS_PER_DELETION);
            dead.add(new PendingDeletion.Manifests(oldestManifest, last));
        }
    }

    private void deleteAnnounced(Manifest head) throws VolumeException, ObjectStoreException {
        long now = nanoTime.getAsLong();
        Map<PendingDeletion, List<String>> ready = new LinkedHashMap<>();
        Set<String> unique = new LinkedHashSet<>();
        for (PendingDeletion deletion : head.deletions()) {
            long since = announcedAt.computeIfAbsent(deletion, unused -> now);
            if (now - since >= graceNanos && !answered.contains(deletion) && mayGo(deletion, head)) {
                ready.put(deletion, namesOf(deletion));
                unique.addAll(ready.get(deletion));
            }
        }
        List<String> names = List.copyOf(unique);
        // Manifests are deleted oldest first: a reader that misses one looks for the next.
        Map<String, ObjectStoreException> failures = new LinkedHashMap<>();
        for (int from = 0; from < names.size(); from += NAMES_PER_REQUEST) {
            List<String> batch = names.subList(from, Math.min(names.size(), from + NAMES_PER_REQUEST));
            Map<String, ObjectStoreException> refused = delete(batch);
            failures.putAll(refused);
            refused.forEach((name, why) -> LOG.debug("{} was not deleted: {}", name, why.getMessage()));
            failed.add(refused.size());
            deleted.add(batch.size() - refused.size());
        }
        note(names, failures);
        List<PendingDeletion> gone = new ArrayList<>();
        ready.forEach((deletion, parts) -> {
            if (parts.stream().noneMatch(failures::containsKey)) {
                gone.add(deletion);
            } else {
                // If the store refuses, the next attempt is after another grace period.
                announcedAt.put(deletion, now);
            }
        });
        forget(gone);
        answered.addAll(gone);
    }

    /** Deletes a batch. A refusal of the whole request, for example without permission, holds for each name. */
    private Map<String, ObjectStoreException> delete(List<String> batch) throws ObjectStoreException {
        try {
            return store.delete(batch);
        } catch (ObjectStoreException e) {
            if (e.kind() != ObjectStoreException.Kind.REFUSED) {
                throw e;
            }
            return batch.stream().collect(Collectors.toMap(name -> name, name -> e));
        }
    }

    /** Logs one line when deletions begin to fail and one when they work again, because kept objects cost money. */
    private void note(List<String> names, Map<String, ObjectStoreException> failures) {
        if (!failures.isEmpty()) {
            Map.Entry<String, ObjectStoreException> first =
                    failures.entrySet().iterator().next();
            health.failed(failures.size() + " of " + names.size() + " objects stay and cost space, the first is "
                    + first.getKey() + ": " + first.getValue().getMessage());
        } else if (!names.isEmpty()) {
            health.succeeded();
        }
    }

    /** Checks the index once more before the deletion. */
    private boolean mayGo(PendingDeletion deletion, Manifest head) throws VolumeException {
        if (deletion instanceof PendingDeletion.Commits commits) {
            for (CommitId id : idsOf(commits)) {
                CommitSpace space = live.contains(id) ? live.find(id.seq()) : null;
                if (space != null
                        && (!space.isDead() || id.seq() >= head.checkpoint().replayFrom() || pins.hold(space))) {
                    throw new VolumeException(
                            VolumeException.Kind.CORRUPT,
                            "commit " + id + " is announced for deletion, but is still needed: " + space);
                }
            }
            return true;
        } else if (deletion instanceof PendingDeletion.Manifests manifests) {
            return manifests.lastVersion() < head.version();
        }
        TableReference table = ((PendingDeletion.Table) deletion).table();
        return !pins.hold(table)
                && head.checkpoint().tables().stream()
                        .noneMatch(used -> used.objectName().equals(table.objectName()));
    }

    private List<String> namesOf(PendingDeletion deletion) {
        if (deletion instanceof PendingDeletion.Commits commits) {
            return idsOf(commits).stream().map(CommitId::objectName).toList();
        } else if (deletion instanceof PendingDeletion.Manifests manifests) {
            List<String> names = new ArrayList<>();
            for (long version = manifests.firstVersion(); version <= manifests.lastVersion(); version++) {
                if (!pins.hold(version)) {
                    names.add(Manifest.objectName(version));
                }
            }
            return names;
        }
        return List.of(((PendingDeletion.Table) deletion).table().objectName());
    }

    /** Removes the records of deleted commits from the index. Returns when that is durable. */
    private void forget(List<PendingDeletion> gone) throws VolumeException {
        List<byte[]> keys = new ArrayList<>();
        List<Long> seqs = new ArrayList<>();
        int bytes = 0;
        for (PendingDeletion deletion : gone) {
            if (deletion instanceof PendingDeletion.Manifests manifests) {
                // The manifest of a deleted snapshot may be newer than others that are still to go.
                if (manifests.firstVersion() <= oldestManifest) {
                    oldestManifest = Math.max(oldestManifest, manifests.lastVersion() + 1);
                }
            } else if (deletion instanceof PendingDeletion.Commits commits) {
                for (CommitId id : idsOf(commits)) {
                    // An orphan may share its seq with a commit of another epoch, whose records must stay.
                    if (live.contains(id)) {
                        bytes += addKeys(id.seq(), keys);
                        seqs.add(id.seq());
                    }
                    if (bytes >= FORGOTTEN_BYTES_PER_BATCH) {
                        forget(keys, seqs);
                        bytes = 0;
                    }
                }
            }
        }
        forget(keys, seqs);
    }

    private void forget(List<byte[]> keys, List<Long> seqs) throws VolumeException {
        if (!keys.isEmpty()) {
            Barriers.await(source.forget(keys));
        }
        live.forget(seqs);
        keys.clear();
        seqs.clear();
    }

    private int addKeys(long seq, List<byte[]> keys) throws VolumeException {
        int bytes = 0;
        bytes += addKeys(new KeyRange(IndexKeys.frames(seq, 0), IndexKeys.frames(seq + 1, 0)), keys);
        bytes += addKeys(new KeyRange(IndexKeys.deadFrames(seq, 0), IndexKeys.deadFrames(seq + 1, 0)), keys);
        return bytes;
    }

    private int addKeys(KeyRange range, List<byte[]> keys) throws VolumeException {
        int bytes = 0;
        try (Cursor cursor = index.scan(range, false)) {
            while (cursor.next()) {
                keys.add(cursor.key());
                bytes += cursor.key().length;
                forgottenBytes += cursor.key().length + cursor.value().length;
            }
        }
        return bytes;
    }
}
