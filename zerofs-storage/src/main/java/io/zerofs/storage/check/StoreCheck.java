// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.check;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.PendingDeletion;
import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.VolumeReader;
import io.zerofs.storage.retry.ReadRetry;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKind;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongConsumer;

/**
 * Compares one state of a volume with the objects in the store, by one list of all of them. Garbage collection may run
 * beside it: a missing object counts as lost only if the newest manifest still needs it. One thread, used once.
 */
public final class StoreCheck implements AutoCloseable {
    /** Maximum attempts to check missing objects again while a writer publishes newer manifests. */
    private static final int ATTEMPTS_MAX = 8;

    private final ObjectStore store;
    private final VolumeReader reader;
    private final VolumeReader.View view;
    private final Findings findings;
    private final CommitReader commits;
    private final IndexCheck index;
    private final Iterator<ObjectStore.ObjectInfo> listed;
    private final Set<String> tables = new HashSet<>();
    private final Set<CommitId> missing = new TreeSet<>(Comparator.comparingLong(CommitId::seq));
    private final Set<Long> lost = new HashSet<>();
    private final Map<CommitId, Long> cut = new LinkedHashMap<>();
    private ObjectStore.ObjectInfo next;
    /** Name of the snapshot that the state is; null if it was the newest state. */
    private String snapshot;

    private long objects;
    private long unneeded;
    private long commitCount;
    private long commitBytes;
    private long liveBytes;

    /**
     * The result of a comparison.
     *
     * @param objects in the store
     * @param unneeded objects that the state does not need, which garbage collection deletes
     * @param commits commits that the index has
     * @param commitBytes bytes of their objects
     * @param liveBytes stored bytes of the frames that files use
     */
    public record Summary(long objects, long unneeded, long commits, long commitBytes, long liveBytes) {}

    /** @param view a state that the reader opened, whose owner closes it */
    public StoreCheck(ObjectStore store, VolumeReader reader, VolumeReader.View view, Findings findings)
            throws VolumeException, IOException {
        this(store, reader, view, findings, chunks -> {});
    }

    /** @param progress receives the number of chunks after each of them */
    public StoreCheck(
            ObjectStore store, VolumeReader reader, VolumeReader.View view, Findings findings, LongConsumer progress)
            throws VolumeException, IOException {
        this.store = store;
        this.reader = reader;
        this.view = view;
        this.findings = findings;
        this.commits = new CommitReader(store, reader.keys());
        this.index = new IndexCheck(view.index(), reader.scratch(), findings, progress);
        this.listed = new AllObjects(store);
        need(view.manifest());
    }

    /**
     * Checks a snapshot, which needs its own objects and no others. Called before {@link #compare}.
     *
     * @param name null for the newest state
     */
    public StoreCheck ofSnapshot(String name) {
        snapshot = name;
        return this;
    }

    private void need(Manifest manifest) {
        manifest.checkpoint().tables().forEach(table -> tables.add(table.objectName()));
    }

    /** Compares the index with itself and with the store, and reports what does not agree. */
    public Summary compare() throws VolumeException, IOException, ObjectStoreException, OpenException {
        try {
            needSnapshots();
            advance();
            index.compare(this::compare);
            visitObjectsBefore(null);
        } catch (StoreFailure e) {
            throw e.failure();
        }
        reportLost();
        return new Summary(objects, unneeded, commitCount, commitBytes, liveBytes);
    }

    private static String sizeOf(CommitId id, long bytes) {
        return "object " + id.objectName() + " has " + bytes + " bytes";
    }

    /** Reports what files lose with the ends of cut objects. Called after {@link #compare} if no data is read. */
    public void reportCut() throws VolumeException, IOException {
        for (Map.Entry<CommitId, Long> object : cut.entrySet()) {
            index.loseEnd(object.getKey().seq(), object.getValue(), sizeOf(object.getKey(), object.getValue()));
        }
    }

    /** A snapshot whose manifest is damaged does not open. */
    private void needSnapshots() throws OpenException {
        for (Snapshot snapshot : view.manifest().snapshots()) {
            try {
                need(reader.manifestOf(snapshot));
            } catch (OpenException e) {
                if (e.kind() != OpenException.Kind.DAMAGED_OBJECT) {
                    throw e;
                }
                // A daemon may have deleted the snapshot meanwhile.
                if (reader.newestManifest().snapshots().contains(snapshot)) {
                    findings.wrong("snapshot " + snapshot.name() + " does not open: " + e.getMessage());
                }
            }
        }
    }

    private void advance() {
        next = listed.hasNext() ? listed.next() : null;
        objects += next == null ? 0 : 1;
    }

    private void compare(CommitUse commit) {
        commitCount++;
        commitBytes += commit.objectBytes();
        liveBytes += commit.liveBytes();
        String name = commit.id().objectName();
        visitObjectsBefore(name);
        if (next == null || !next.name().equals(name)) {
            // Garbage collection deletes commits that were dead before the snapshot.
            if (snapshot == null || commit.liveFrames() > 0) {
                missing.add(commit.id());
            }
            return;
        }
        if (next.size() != commit.objectBytes()) {
            findings.wrong(sizeOf(commit.id(), next.size()) + " instead of " + commit.objectBytes());
            cut.put(commit.id(), next.size());
        }
        advance();
    }

    /** Visits the objects that the index does not have. */
    private void visitObjectsBefore(String name) {
        while (next != null && (name == null || next.name().compareTo(name) < 0)) {
            visitOther(next.name(), next.size());
            advance();
        }
    }

    private void visitOther(String name, long size) {
        if (snapshot != null) {
            return;
        }
        CommitId id = CommitId.ofObjectName(name);
        if (id != null) {
            visitCommit(id, size);
        } else if (name.startsWith(TableReference.PREFIX) && TableReference.ofObjectName(name, size) != null) {
            unneeded += tables.contains(name) ? 0 : 1;
        } else if (Manifest.versionOf(name) < 1 && !name.equals("volume") && !name.startsWith("probe/")) {
            findings.remarkable("object " + name + " is foreign: no object of a volume has such a name");
        }
    }

    /** Looks at a commit that the index does not have: a fence, a newer one, or one that is no longer needed. */
    private void visitCommit(CommitId id, long size) {
        if (id.seq() > view.lastSeq() || isAnnounced(view.manifest(), id)) {
            return;
        }
        try {
            ObjectHeader header = ReadRetry.at(() -> commits.readHeader(id));
            boolean fits = header.number() == id.seq() && header.objectLength() == size;
            if (!fits || header.kind() != ObjectKind.FENCE && header.epoch() != id.epoch()) {
                findings.remarkable("object " + id + " is foreign: its header is that of another object");
            }
            unneeded += header.kind() == ObjectKind.FENCE ? 0 : 1;
        } catch (CorruptObjectException e) {
            findings.remarkable("object " + id + " is foreign: " + e.getMessage());
        } catch (ObjectStoreException e) {
            if (e.kind() != ObjectStoreException.Kind.NOT_FOUND) {
                throw new StoreFailure(e);
            }
        }
    }

    private static boolean isAnnounced(Manifest manifest, CommitId id) {
        return manifest.deletions().stream()
                .anyMatch(deletion -> deletion instanceof PendingDeletion.Commits range
                        && range.epoch() == id.epoch()
                        && id.seq() >= range.firstSeq()
                        && id.seq() <= range.lastSeq());
    }

    /** Reads the data that files use, and reports damage. Called after {@link #compare}. */
    public void readData(DataCheck.Settings settings, DataCheck.Progress progress)
            throws VolumeException, IOException, ObjectStoreException, OpenException {
        DataCheck data = new DataCheck(settings, commits, store, findings, lost);
        try {
            index.walk(data.reading(liveBytes, progress), false);
            missing.addAll(data.end());
        } catch (StoreFailure e) {
            throw e.failure();
        }
        reportLost();
    }

    /** Reports the commits that are missing and still needed. */
    private void reportLost() throws VolumeException, IOException, ObjectStoreException, OpenException {
        Manifest known = view.manifest();
        missing.removeIf(id -> isAnnounced(view.manifest(), id));
        forgetPresent();
        if (snapshot != null && !missing.isEmpty()) {
            reader.requireSnapshot(snapshot, view.manifest());
        }
        for (int attempt = 0; snapshot == null && !missing.isEmpty() && attempt < ATTEMPTS_MAX; attempt++) {
            if (reader.newestManifest().version() == known.version()) {
                break;
            }
            try (VolumeReader.View newest = reader.openNewest()) {
                known = newest.manifest();
                for (CommitId id : Set.copyOf(missing)) {
                    FrameTable table = CommitApplier.frameTable(newest.index(), id.seq(), 0);
                    if (table == null || !table.commit().equals(id) || isAnnounced(known, id)) {
                        missing.remove(id);
                    }
                }
            }
        }
        for (CommitId id : missing) {
            lost.add(id.seq());
            findings.wrong("object " + id + " is missing");
            index.loseEnd(id.seq(), 0, "object " + id + " is missing");
        }
        missing.clear();
    }

    /** Asks for each object itself, because the list may be older. */
    private void forgetPresent() throws ObjectStoreException {
        for (CommitId id : Set.copyOf(missing)) {
            try {
                ReadRetry.atRequired(() -> commits.readHeader(id));
                missing.remove(id);
            } catch (CorruptObjectException e) {
                missing.remove(id);
            } catch (ObjectStoreException e) {
                if (e.kind() != ObjectStoreException.Kind.NOT_FOUND) {
                    throw e;
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        index.close();
    }
}
