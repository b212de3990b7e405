// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitLog;
import io.zerofs.storage.commit.Fence;
import io.zerofs.storage.commit.FenceSealer;
import io.zerofs.storage.commit.LogObject;
import io.zerofs.storage.manifest.CheckpointState;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.WriterTerm;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.retry.CreateRetry;
import io.zerofs.storage.retry.ExclusiveCreate;
import io.zerofs.storage.retry.ReadRetry;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * Ends the logs of all earlier writers: puts a fence at the first free name of each open epoch, oldest first. A delayed
 * commit then always meets a fence. Confined to the thread that opens the volume.
 */
final class WriterFence {
    /**
     * Fences created at once after a commit took the first name, because a busy writer outruns single steps: twice the commits
     * that it has in flight by default.
     */
    private static final int WINDOW = 32;

    private final ObjectKeys keys;
    private final StoredLog log;
    private final ParallelRequests requests;
    private final RandomGenerator random;
    private final CreateRetry creation;

    WriterFence(
            ObjectKeys keys, StoredLog log, ParallelRequests requests, CreateRetry creation, RandomGenerator random) {
        this.keys = keys;
        this.log = log;
        this.requests = requests;
        this.random = random;
        this.creation = creation;
    }

    /**
     * Ends every open epoch below that of the claim.
     *
     * @param claim our own manifest: its last term is ours, all others have served
     * @return all earlier terms with commits, each with its last seq
     */
    List<WriterTerm> endEarlierTerms(Manifest claim, OpenProgress progress)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
        CheckpointState checkpoint = claim.checkpoint();
        List<WriterTerm> earlier = claim.terms().stream()
                .filter(term -> term.epoch() < claim.epoch())
                .toList();
        Map<Long, NavigableMap<Long, Standing>> found = new HashMap<>();
        long durable = checkpoint.replayTo();
        for (WriterTerm term : earlier) {
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
        for (WriterTerm term : earlier) {
            WriterTerm end = term;
            if (term.isOpen()) {
                long from = Math.max(checkpoint.replayFrom(), term.firstSeq());
                Ending ending = new Ending(term.epoch(), claim.epoch(), found.get(term.epoch()), durable);
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
    private record Standing(long seq, long durableSeq, long claimingEpoch) {
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

    /** Finds or makes the end of one epoch's log. */
    private final class Ending {
        private final long epoch;
        private final long claimingEpoch;
        private final NavigableMap<Long, Standing> found;
        /** The last commit that was certainly acknowledged: a gap at or below it is a loss, not the end. */
        private long durable;

        Ending(long epoch, long claimingEpoch, NavigableMap<Long, Standing> found, long durable) {
            this.epoch = epoch;
            this.claimingEpoch = claimingEpoch;
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
                } else {
                    fence(next, window);
                    window = WINDOW;
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

        private void fence(long from, int window)
                throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
            List<ParallelRequests.Request<Standing>> creates = new ArrayList<>();
            for (long seq = from; seq < from + window; seq++) {
                if (!found.containsKey(seq)) {
                    CommitId id = new CommitId(epoch, seq);
                    Salt salt = Salt.random(random);
                    creates.add(() -> createFence(id, salt));
                }
            }
            requests.all(creates).forEach(this::remember);
        }

        /** Creates a fence. Returns it, or the object in its place. */
        private Standing createFence(CommitId id, Salt salt) throws ObjectStoreException, CorruptObjectException {
            ByteBuffer fence = FenceSealer.seal(keys, id, claimingEpoch, salt);
            if (creation.create(id.objectName(), List.of(fence), salt) instanceof ExclusiveCreate.Taken taken) {
                return Standing.of(
                        ReadRetry.at(() -> log.read(id, taken.header().objectLength())));
            }
            return new Standing(id.seq(), 0, claimingEpoch);
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
