// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitLog;
import io.zerofs.storage.commit.LogObject;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.manifest.CheckpointState;
import io.zerofs.storage.manifest.WriterTerm;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.retry.ReadRetry;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Applies the log since the checkpoint, in order, while the next commits are being fetched. Each commit must name the salt
 * of the one before it, so commits of another history do not fit. Confined to the thread that opens the volume.
 */
final class LogReplay {
    /** Maximum attempts: a disk that is full for a minute counts as full. */
    private static final int APPLY_ATTEMPTS_MAX = 3000;

    private static final long APPLY_PAUSE_NANOS = 20_000_000;

    private final StoredLog log;
    private final ParallelRequests requests;
    private final List<WriterTerm> terms;
    private final CheckpointState checkpoint;

    /** @param terms ended, ascending, without gaps from the checkpoint's {@code replayFrom} on */
    LogReplay(StoredLog log, ParallelRequests requests, List<WriterTerm> terms, CheckpointState checkpoint) {
        this.log = log;
        this.requests = requests;
        this.terms = terms;
        this.checkpoint = checkpoint;
    }

    /**
     * The end of the log.
     *
     * @param lastSeq 0 if there is no commit
     * @param replayed headers of the commits that no checkpoint covers
     */
    record Result(long lastSeq, Salt lastSalt, List<ObjectHeader> replayed) {}

    Result replay(CommitApplier applier, OpenProgress progress)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException, VolumeException {
        long last = Math.max(
                checkpoint.replayFrom() - 1,
                terms.isEmpty() ? 0 : terms.get(terms.size() - 1).lastSeq());
        if (last < checkpoint.replayTo()) {
            throw new OpenException(
                    OpenException.Kind.LOST_OBJECT,
                    "the log ends with commit " + last + ", but the checkpoint needs it up to "
                            + checkpoint.replayTo());
        }
        List<ObjectHeader> replayed = new ArrayList<>();
        Salt before = checkpoint.anchor();
        long total = last - checkpoint.replayFrom() + 1;
        Prefetch<CommitLog> commits = new Prefetch<>(requests, reads(last));
        while (commits.hasNext()) {
            CommitLog commit = commits.next();
            if (!commit.predecessor().equals(before)) {
                throw new CorruptObjectException(
                        commit.id().objectName(),
                        "log",
                        "it follows another commit than the one that stands before it");
            }
            apply(commit, applier);
            log.forget(commit.id());
            before = commit.header().salt();
            replayed.add(commit.header());
            progress.advanced(OpenProgress.Step.REPLAYING, replayed.size(), total);
        }
        return new Result(last, before, replayed);
    }

    /** Applies a commit. The database refuses writes while its memory is full, and accepts them again after a flush. */
    static void apply(CommitLog commit, CommitApplier applier) throws VolumeException {
        for (int attempt = 1; ; attempt++) {
            try {
                applier.replay(commit);
                return;
            } catch (VolumeException e) {
                if (e.kind() != VolumeException.Kind.NO_SPACE || attempt == APPLY_ATTEMPTS_MAX || !pause()) {
                    throw e;
                }
            }
        }
    }

    /** Returns false if the thread was interrupted. */
    private static boolean pause() {
        try {
            Machine.current().sleep(APPLY_PAUSE_NANOS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private List<Prefetch.Item<CommitLog>> reads(long last) throws ObjectStoreException, OpenException {
        Map<Long, Map<Long, Long>> lengths = new HashMap<>();
        List<Prefetch.Item<CommitLog>> reads = new ArrayList<>();
        for (long seq = checkpoint.replayFrom(); seq <= last; seq++) {
            CommitId id = idOf(seq);
            Map<Long, Long> listed = lengths.get(id.epoch());
            if (listed == null) {
                listed = log.list(id.epoch(), seq);
                lengths.put(id.epoch(), listed);
            }
            Long length = listed.get(seq);
            reads.add(new Prefetch.Item<>(length == null ? 0 : length, () -> read(id, length)));
        }
        return reads;
    }

    /** @param length null if the commit is not listed: then a GET of it decides */
    private CommitLog read(CommitId id, Long length)
            throws ObjectStoreException, CorruptObjectException, OpenException {
        try {
            LogObject object = ReadRetry.atRequired(() -> length == null ? log.read(id) : log.read(id, length));
            if (object instanceof CommitLog commit) {
                return commit;
            }
        } catch (ObjectStoreException e) {
            if (e.kind() != ObjectStoreException.Kind.NOT_FOUND) {
                throw e;
            }
        }
        throw lost(id);
    }

    private CommitId idOf(long seq) throws OpenException {
        for (WriterTerm term : terms) {
            if (term.contains(seq)) {
                return new CommitId(term.epoch(), seq);
            }
        }
        throw new OpenException(
                OpenException.Kind.DAMAGED_OBJECT, "the manifest names no epoch that commit " + seq + " belongs to");
    }

    private static OpenException lost(CommitId id) {
        return OpenException.lost(id.objectName(), "later commits and the manifest rely on it");
    }
}
