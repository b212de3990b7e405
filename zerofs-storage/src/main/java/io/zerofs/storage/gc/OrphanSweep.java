// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitLog;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.ManifestChain;
import io.zerofs.storage.manifest.PendingDeletion;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.manifest.WriterTerm;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.retry.ReadRetry;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds orphans of earlier writers: commits after the fence of their epoch, tables of unpublished checkpoints, and objects
 * that a delayed PUT brought back after their deletion. It looks only at ended epochs, because objects of its own epoch may
 * be in flight. It never takes a fence. Confined to one thread at a time.
 */
final class OrphanSweep {
    private static final Logger LOG = LoggerFactory.getLogger(OrphanSweep.class);
    private static final int LIST_MAX = 1000;

    /** Maximum number of orphans of one sweep. The next sweep finds more. */
    private static final int FOUND_MAX = 2048;

    private final ObjectStore store;
    private final ManifestChain chain;
    private final LiveBytes live;
    private final SnapshotPins pins;
    private final CommitReader reader;
    /** Known fences, which no later sweep reads. Each opening of the volume leaves one, rarely more. */
    private final Set<CommitId> fences = new HashSet<>();

    OrphanSweep(ObjectStore store, ManifestChain chain, LiveBytes live, SnapshotPins pins, CommitReader reader) {
        this.store = store;
        this.chain = chain;
        this.live = live;
        this.pins = pins;
        this.reader = reader;
    }

    /** @param ended returns whether to give up */
    List<PendingDeletion> find(BooleanSupplier ended) throws ObjectStoreException, CorruptObjectException {
        List<PendingDeletion> found = new ArrayList<>();
        findCommits(found, ended);
        findTables(found, ended);
        return ended.getAsBoolean() ? List.of() : found;
    }

    private void findCommits(List<PendingDeletion> found, BooleanSupplier ended)
            throws ObjectStoreException, CorruptObjectException {
        String after = "";
        List<ObjectStore.ObjectInfo> page;
        do {
            page = store.list(CommitId.PREFIX, after, LIST_MAX);
            Manifest head = chain.head();
            for (ObjectStore.ObjectInfo info : page) {
                CommitId id = CommitId.ofObjectName(info.name());
                if (id != null && id.epoch() >= head.epoch()) {
                    return;
                }
                if (id != null && isOrphan(id, head) && !isFence(id, info.size())) {
                    found.add(new PendingDeletion.Commits(id.epoch(), id.seq(), id.seq()));
                }
                after = info.name();
            }
        } while (page.size() == LIST_MAX && found.size() < FOUND_MAX && !ended.getAsBoolean());
    }

    private boolean isOrphan(CommitId id, Manifest head) {
        if (live.contains(id) || fences.contains(id)) {
            return false;
        }
        for (WriterTerm term : head.terms()) {
            if (term.epoch() == id.epoch()) {
                boolean inLog = id.seq() >= head.checkpoint().replayFrom() && id.seq() <= term.lastSeq();
                if (term.isOpen() || inLog) {
                    return false;
                }
            }
        }
        return head.deletions().stream()
                .noneMatch(deletion -> deletion instanceof PendingDeletion.Commits commits
                        && commits.epoch() == id.epoch()
                        && commits.firstSeq() <= id.seq()
                        && commits.lastSeq() >= id.seq());
    }

    /** Returns whether the object is a fence. Reads its authenticated log, because a commit would be deleted. */
    private boolean isFence(CommitId id, long size) throws ObjectStoreException {
        try {
            if (ReadRetry.at(() -> reader.read(id, size)) instanceof CommitLog) {
                return false;
            }
        } catch (CorruptObjectException e) {
            LOG.warn("{} is neither a commit nor a fence, and stays: {}", id.objectName(), e.getMessage());
        } catch (ObjectStoreException e) {
            if (e.kind() != ObjectStoreException.Kind.NOT_FOUND) {
                throw e;
            }
        }
        fences.add(id);
        return true;
    }

    private void findTables(List<PendingDeletion> found, BooleanSupplier ended) throws ObjectStoreException {
        String after = "";
        List<ObjectStore.ObjectInfo> page;
        do {
            page = store.list(TableReference.PREFIX, after, LIST_MAX);
            Manifest head = chain.head();
            Set<String> known = new HashSet<>(pins.tables());
            head.checkpoint().tables().forEach(table -> known.add(table.objectName()));
            for (PendingDeletion deletion : head.deletions()) {
                if (deletion instanceof PendingDeletion.Table table) {
                    known.add(table.table().objectName());
                }
            }
            for (ObjectStore.ObjectInfo info : page) {
                TableReference table = TableReference.ofObjectName(info.name(), info.size());
                if (table != null && table.epoch() < head.epoch() && !known.contains(info.name())) {
                    found.add(new PendingDeletion.Table(table));
                }
                after = info.name();
            }
        } while (page.size() == LIST_MAX && found.size() < FOUND_MAX && !ended.getAsBoolean());
    }
}
