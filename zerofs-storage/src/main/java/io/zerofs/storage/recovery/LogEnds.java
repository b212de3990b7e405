// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitLog;
import io.zerofs.storage.commit.Fence;
import io.zerofs.storage.commit.LogObject;
import io.zerofs.storage.manifest.CheckpointState;
import io.zerofs.storage.manifest.WriterTerm;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.retry.ReadRetry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Finds the ends of writers' logs: at a fence, or at a gap past the last commit that is known to be durable. A gap before
 * that is a loss. Confined to the thread that opens the volume.
 */
final class LogEnds {
    /**
     * Objects asked for at once after a commit took the first name of a gap, because a busy writer outruns single steps:
     * twice the commits that it has in flight by default.
     */
    private static final int WINDOW = 32;

    private final StoredLog log;
    private final ParallelRequests requests;
    private final long claimingEpoch;
    private final Gap gap;

    /** Decides about a gap at the end of a log. */
    @FunctionalInterface
    interface Gap {
        /**
         * Returns the objects that now have these names, in the same order; empty if the log ends at the first.
         *
         * @param names free names in the log of one epoch, ascending
         */
        List<Standing> close(List<CommitId> names)
                throws ObjectStoreException, CorruptObjectException, OpenException, IOException;
    }

    /** @param claimingEpoch the epoch of the claim; a fence of a later one ends the opening */
    LogEnds(StoredLog log, ParallelRequests requests, long claimingEpoch, Gap gap) {
        this.log = log;
        this.requests = requests;
        this.claimingEpoch = claimingEpoch;
        this.gap = gap;
    }

    /**
     * Returns the terms that have commits, each with its last seq.
     *
     * @param terms all have served
     */
    List<WriterTerm> of(List<WriterTerm> terms, CheckpointState checkpoint, OpenProgress progress)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
        Map<Long, NavigableMap<Long, Standing>> found = new HashMap<>();
        long durable = checkpoint.replayTo();
        for (WriterTerm term : terms) {
            if (term.isOpen()) {
                long from = Math.max(checkpoint.replayFrom(), term.firstSeq());
                NavigableMap<Long, Standing> standing = standing(term.epoch(), from, progress);
                for (Standing one : standing.values()) {
                    durable = Math.max(durable, one.durableSeq());
                }
                found.put(term.epoch(), standing);
            }
        }
        List<WriterTerm> ended = new ArrayList<>();
        for (WriterTerm term : terms) {
            WriterTerm end = term;
            if (term.isOpen()) {
                long from = Math.max(checkpoint.replayFrom(), term.firstSeq());
                Ending ending = new Ending(term.epoch(), found.get(term.epoch()), durable);
                end = new WriterTerm(term.epoch(), term.firstSeq(), ending.lastSeq(from));
            }
            if (end.hasCommits()) {
                ended.add(end);
            }
        }
        return ended;
    }

    /** Returns the objects in the log of an epoch from a seq on, without their logs, which would need too much memory. */
    private NavigableMap<Long, Standing> standing(long epoch, long from, OpenProgress progress)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
        List<Prefetch.Item<Standing>> reads = new ArrayList<>();
        log.list(epoch, from)
                .forEach((seq, length) -> reads.add(new Prefetch.Item<>(
                        length,
                        () -> Standing.of(ReadRetry.atRequired(() -> log.read(new CommitId(epoch, seq), length))))));
        Prefetch<Standing> standing = new Prefetch<>(requests, reads);
        NavigableMap<Long, Standing> found = new TreeMap<>();
        while (standing.hasNext()) {
            Standing next = standing.next();
            found.put(next.seq(), next);
            progress.advanced(OpenProgress.Step.FENCING, found.size(), reads.size());
        }
        return found;
    }

    /**
     * The facts about an object in the log that fencing needs.
     *
     * @param durableSeq the seq that a commit calls durable; 0 for a fence
     * @param claimingEpoch the claiming epoch of a fence; 0 for a commit
     */
    record Standing(long seq, long durableSeq, long claimingEpoch) {
        static Standing of(LogObject object) {
            long seq = object.id().seq();
            if (object instanceof CommitLog commit) {
                return new Standing(seq, commit.durableSeq(), 0);
            }
            return new Standing(seq, 0, ((Fence) object).claimingEpoch());
        }

        boolean isFence() {
            return claimingEpoch > 0;
        }
    }

    /** Finds the end of one epoch's log. */
    private final class Ending {
        private final long epoch;
        private final NavigableMap<Long, Standing> found;
        /** The last commit that was certainly acknowledged: a gap at or below it is a loss, not the end. */
        private long durable;

        Ending(long epoch, NavigableMap<Long, Standing> found, long durable) {
            this.epoch = epoch;
            this.found = new TreeMap<>(found);
            this.durable = durable;
        }

        long lastSeq(long from) throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
            long next = from;
            int window = 1;
            while (true) {
                Standing here = found.get(next);
                if (here != null && here.isFence()) {
                    requireOwnership(here);
                    requireNotLost(next);
                    return next - 1;
                } else if (here != null) {
                    next++;
                } else if (next <= durable) {
                    lookAgain(next);
                } else if (closed(next, window)) {
                    window = WINDOW;
                } else {
                    return next - 1;
                }
            }
        }

        /** Reads one object, because a list may be older than the last acknowledged commit. */
        private void lookAgain(long seq) throws ObjectStoreException, CorruptObjectException, OpenException {
            try {
                remember(Standing.of(ReadRetry.atRequired(() -> log.read(new CommitId(epoch, seq)))));
            } catch (ObjectStoreException e) {
                if (e.kind() == ObjectStoreException.Kind.NOT_FOUND) {
                    throw lost(seq);
                }
                throw e;
            }
        }

        /** Returns whether objects closed the gap. */
        private boolean closed(long from, int window)
                throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
            List<CommitId> names = new ArrayList<>();
            for (long seq = from; seq < from + window; seq++) {
                if (!found.containsKey(seq)) {
                    names.add(new CommitId(epoch, seq));
                }
            }
            List<Standing> closing = gap.close(names);
            closing.forEach(this::remember);
            return !closing.isEmpty();
        }

        private void remember(Standing standing) {
            found.put(standing.seq(), standing);
            durable = Math.max(durable, standing.durableSeq());
        }

        private void requireOwnership(Standing fence) throws OpenException {
            if (fence.claimingEpoch() > claimingEpoch) {
                throw new OpenException(
                        OpenException.Kind.OWNED_BY_NEWER_WRITER,
                        "another daemon took the volume over (epoch " + fence.claimingEpoch() + ", ours is "
                                + claimingEpoch + ")");
            }
        }

        private void requireNotLost(long fenced) throws OpenException {
            if (fenced <= durable) {
                throw lost(fenced);
            }
        }

        private OpenException lost(long seq) {
            return OpenException.lost(
                    new CommitId(epoch, seq).objectName(), "commit " + durable + " is known to be durable");
        }
    }
}
