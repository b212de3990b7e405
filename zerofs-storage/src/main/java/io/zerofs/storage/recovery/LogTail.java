// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitLog;
import io.zerofs.storage.commit.LogObject;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.ManifestStore;
import io.zerofs.storage.manifest.WriterTerm;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.retry.ReadRetry;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Follows the log from one commit to the next, also from one writer to the next. Writes nothing to the store. The log has no
 * gap up to a commit that this applies, so no writer and no fence can change that part of it. Confined to one thread.
 */
final class LogTail {
    /** Maximum commits of one call, after which the caller shows a state. */
    private static final int COMMITS_MAX = 256;

    /** Commits past a checkpoint that are slower to replay than the checkpoint is to open. */
    private static final int BEHIND_MAX = 10_000;

    private final StoredLog log;
    private final ManifestStore manifests;
    private final ObjectStore store;
    private final ParallelRequests requests;
    private Position position;
    private Manifest manifest;
    /** Whether the index has exactly the commits up to the position. */
    private boolean whole = true;

    /** Whether the last call ended before the end of the log. */
    private boolean more;

    /** Whether a fence is at the next commit's name: the next commit is one of a later writer. */
    private boolean fenced;

    LogTail(StoredLog log, ManifestStore manifests, ObjectStore store, ParallelRequests requests) {
        this.log = log;
        this.manifests = manifests;
        this.store = store;
        this.requests = requests;
    }

    /**
     * The place in the log through which everything is applied.
     *
     * @param epoch the writer whose log has the next commit, as far as known
     */
    record Position(long epoch, long lastSeq, Salt lastSalt) {
        CommitId next() {
            return new CommitId(epoch, lastSeq + 1);
        }
    }

    /** The extent of a look at the store when the log seems to have nothing new. */
    enum Look {
        /** Asks for the next commit of the same writer. */
        NEXT,
        /** Also lists the commits of later writers: one request. */
        LATER_WRITERS,
        /** Also lists newer manifests: garbage collection may have deleted every commit. */
        MANIFESTS
    }

    /** The next commits are gone, or do not continue this log: the newest manifest has a later state. */
    static final class FellBehindException extends Exception {
        private static final long serialVersionUID = 1;

        FellBehindException(String message) {
            super(message);
        }
    }

    /** Continues after the state of a view. */
    void begin(VolumeReader.View view) {
        manifest = view.manifest();
        fenced = false;
        whole = true;
        long epoch = epochOf(view.lastSeq() + 1);
        position = new Position(epoch == 0 ? manifest.epoch() : epoch, view.lastSeq(), view.lastSalt());
    }

    Position position() {
        return position;
    }

    /** Returns whether the index is at a cut. It is not after a commit that could be applied in part only. */
    boolean isWhole() {
        return whole;
    }

    /** Returns whether the log had more commits than the last call applied. */
    boolean hasMore() {
        return more;
    }

    /** Applies commits that are new. Returns whether there were any; false if the log has no more of them now. */
    boolean advance(CommitApplier applier, Look look)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException, VolumeException,
                    FellBehindException {
        more = false;
        if (!fenced && (look == Look.LATER_WRITERS && nothingIsListed())) {
            return false;
        }
        if (!fenced && applyRun(applier)) {
            return true;
        }
        return (fenced || look != Look.NEXT) && passToNextWriter() && applyRun(applier);
    }

    private boolean nothingIsListed() throws ObjectStoreException {
        CommitId next = position.next();
        return store.list(CommitId.PREFIX, CommitId.nameBefore(next.epoch(), next.seq()), 1)
                .isEmpty();
    }

    /** Reads manifests that are new. Returns whether the next commit may be there now. */
    private boolean passToNextWriter() throws ObjectStoreException, CorruptObjectException, FellBehindException {
        manifest = manifests.newerThan(manifest.version()).orElse(manifest);
        long next = position.lastSeq() + 1;
        long epoch = epochOf(next);
        if (epoch != 0 && epoch != position.epoch()) {
            position = new Position(epoch, position.lastSeq(), position.lastSalt());
            fenced = false;
            return true;
        }
        long replayFrom = manifest.checkpoint().replayFrom();
        if (replayFrom <= next) {
            return false;
        }
        if (readIfThere(position.next()) instanceof CommitLog) {
            return true;
        }
        throw new FellBehindException("commit " + next
                + " is gone, and the newest checkpoint needs the log from commit " + replayFrom + " on");
    }

    /** Returns the epoch of the writer whose term has a commit; 0 if none has it yet. */
    private long epochOf(long seq) {
        return manifest.terms().stream()
                .filter(term -> term.contains(seq))
                .mapToLong(WriterTerm::epoch)
                .max()
                .orElse(0);
    }

    /** Applies the next commits of the present writer. Returns whether there were any. */
    private boolean applyRun(CommitApplier applier)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException, VolumeException,
                    FellBehindException {
        LogObject first = readIfThere(position.next());
        if (first == null || !apply(first, applier)) {
            return false;
        }
        // A busy writer has made more of them meanwhile.
        List<Prefetch.Item<LogObject>> reads = listed();
        Prefetch<LogObject> following = new Prefetch<>(requests, reads);
        while (following.hasNext() && apply(following.next(), applier)) {
            more = reads.size() == COMMITS_MAX;
        }
        return true;
    }

    private LogObject readIfThere(CommitId id) throws ObjectStoreException, CorruptObjectException {
        try {
            return ReadRetry.at(() -> log.read(id));
        } catch (ObjectStoreException e) {
            if (e.kind() == ObjectStoreException.Kind.NOT_FOUND) {
                return null;
            }
            throw e;
        }
    }

    /** Returns reads of the listed commits that continue the log without a gap. */
    private List<Prefetch.Item<LogObject>> listed() throws ObjectStoreException, FellBehindException {
        CommitId next = position.next();
        Map<Long, Long> lengths = log.list(next.epoch(), next.seq());
        if (lengths.size() > BEHIND_MAX) {
            requireNoCheckpointFarAhead();
        }
        List<Prefetch.Item<LogObject>> reads = new ArrayList<>();
        for (long seq = next.seq(); reads.size() < COMMITS_MAX && lengths.containsKey(seq); seq++) {
            CommitId id = new CommitId(next.epoch(), seq);
            long length = lengths.get(seq);
            reads.add(new Prefetch.Item<>(length, () -> ReadRetry.atRequired(() -> log.read(id, length))));
        }
        return reads;
    }

    private void requireNoCheckpointFarAhead() throws ObjectStoreException, FellBehindException {
        try {
            manifest = manifests.newerThan(manifest.version()).orElse(manifest);
        } catch (CorruptObjectException e) {
            return; // The log is at hand.
        }
        if (manifest.checkpoint().replayFrom() - position.lastSeq() > BEHIND_MAX) {
            throw new FellBehindException("there are more than " + BEHIND_MAX + " commits up to the newest checkpoint");
        }
    }

    /** Applies a commit. Returns false for a fence. */
    private boolean apply(LogObject object, CommitApplier applier) throws VolumeException, FellBehindException {
        log.forget(object.id());
        if (!(object instanceof CommitLog commit)) {
            fenced = true;
            return false;
        }
        if (!commit.predecessor().equals(position.lastSalt())) {
            throw new FellBehindException(commit.id().objectName() + " follows another commit than the last one here");
        }
        whole = false;
        LogReplay.apply(commit, applier);
        whole = true;
        position = new Position(
                position.epoch(), commit.id().seq(), commit.header().salt());
        return true;
    }
}
