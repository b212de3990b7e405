// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import io.zerofs.core.volume.Barriers;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.engine.upkeep.GcSource;
import io.zerofs.storage.engine.upkeep.GcSource.Move;
import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.index.FrameReference;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.object.Traffic;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves the live frames of some commits. It walks the chunk entries, so frames come sorted by inode and chunk. It reads a few
 * megabytes, puts them into the open commit at once and cuts the commit. So the frames are side by side, and a client's
 * barrier uploads no more than that. Confined to one thread at a time.
 */
final class Repacker {
    private static final Logger LOG = LoggerFactory.getLogger(Repacker.class);

    /** Maximum bytes that are added to one commit. */
    private static final int BURST_BYTES = 4 << 20;

    /** Number of chunks read together. With a burst this is the memory that moves take. */
    private static final int GROUP_CHUNKS = 16;

    /** Deltas from which on a chunk is compacted while clients are idle. Each may cost a reader a request. */
    private static final int DELTAS_MAX = 4;

    /** A chunk is compacted when deltas hide this part of its base, an eighth. */
    private static final int HIDDEN_PART_MIN = 8;

    /** Number of chunks without a hole between them that are considered together: 16 MiB of a file. */
    private static final int RUN_CHUNKS = 64;

    private static final int CHUNKS_PER_REQUEST_MAX = 8;

    /** Half of what the smallest full commit has. With more, a walk would find the commits that it wrote scattered again. */
    private static final int CHUNKS_PER_REQUEST_MIN = 2;

    /** A request may cost a reader as much as this part of a second of transfer. */
    private static final double REQUEST_SECONDS = 0.5;

    private static final int REQUESTS_PER_RUN_MIN = 2;

    /** Entries per cursor. An open cursor delays compaction of the index. */
    private static final int ENTRIES_PER_CURSOR = 1 << 14;

    private final RocksIndex index;
    private final GcSource source;
    private final ParallelSteps steps;
    private final Pacing pacing;
    private final LongAdder movedChunks = new LongAdder();
    private final LongAdder movedBytes = new LongAdder();
    private final LongAdder outrun = new LongAdder();
    private Walk compaction;

    Repacker(RocksIndex index, GcSource source, ParallelSteps steps, Pacing pacing) {
        this.index = index;
        this.source = source;
        this.steps = steps;
        this.pacing = pacing;
    }

    long movedChunks() {
        return movedChunks.sum();
    }

    long movedBytes() {
        return movedBytes.sum();
    }

    long outrunMoves() {
        return outrun.sum();
    }

    /** A chunk and its entry. */
    record Placed(ChunkId chunk, ChunkEntry entry) {}

    /** Selects chunks among neighbours. */
    interface Wanted {
        List<Placed> of(List<Placed> run) throws VolumeException;
    }

    /**
     * Moves the live frames of the victims.
     *
     * @return false if a frame is damaged
     */
    boolean move(Set<Long> victims) throws VolumeException {
        Wanted wanted = run -> run.stream()
                .filter(placed -> placed.entry().frames().stream().anyMatch(frame -> victims.contains(frame.seq())))
                .toList();
        return move(new Walk(wanted), victims::contains, Long.MAX_VALUE);
    }

    /** Returns whether {@link #compact} stopped in the middle. */
    boolean isCompacting() {
        return compaction != null;
    }

    /**
     * Compacts chunks of which deltas hide a large part, and puts the neighbours of a file side by side if they are scattered.
     * Continues where it stopped.
     *
     * @param bytesMax bytes after which it stops
     * @param chunksPerRequest a run is scattered if a reader in its order gets fewer chunks than this from a request
     */
    void compact(long bytesMax, int chunksPerRequest) throws VolumeException {
        Walk walk = compaction == null ? new Walk(run -> hardToRead(run, chunksPerRequest)) : compaction;
        // A failed walk begins anew.
        compaction = null;
        move(walk, seq -> true, bytesMax);
        compaction = walk.isAtEnd() ? null : walk;
    }

    /** On a slow link commits are smaller, and to send the chunks again costs more than a reader's requests. */
    static int chunksPerRequest(Traffic traffic) {
        if (!traffic.isLink()) {
            return CHUNKS_PER_REQUEST_MAX;
        }
        int carried = (int) (traffic.bytesPerSecond() * REQUEST_SECONDS / Volume.CHUNK_BYTES);
        return Math.max(CHUNKS_PER_REQUEST_MIN, Math.min(CHUNKS_PER_REQUEST_MAX, carried));
    }

    private List<Placed> hardToRead(List<Placed> run, int chunksPerRequest) throws VolumeException {
        if (requests(run) > REQUESTS_PER_RUN_MIN + run.size() / chunksPerRequest) {
            return run;
        }
        List<Placed> hidden = new ArrayList<>();
        for (Placed placed : run) {
            if (isHiddenInPart(placed.entry())) {
                hidden.add(placed);
            }
        }
        return hidden;
    }

    /** Returns the requests of a read of the chunks in order, without their deltas, see {@link #isHiddenInPart}. */
    private static int requests(List<Placed> run) {
        int requests = 0;
        long commit = 0;
        for (Placed placed : run) {
            long next = placed.entry().frames().get(0).seq();
            requests += next == commit ? 0 : 1;
            commit = next;
        }
        return requests;
    }

    private boolean isHiddenInPart(ChunkEntry entry) throws VolumeException {
        if (entry.deltas() == 0 || entry.deltas() >= DELTAS_MAX) {
            return entry.deltas() > 0;
        }
        long hidden = 0;
        for (FrameReference delta : entry.frames().subList(1, entry.frames().size())) {
            hidden |= delta.blocks();
        }
        FrameReference base = entry.frames().get(0);
        FrameTable table = CommitApplier.frameTable(index, base.seq(), base.slot());
        // Not yet in the store: a later pass finds it.
        return table != null
                && (long) Long.bitCount(hidden) * FrameReference.DELTA_BLOCK_BYTES * HIDDEN_PART_MIN
                        >= table.frame(base.slot()).length();
    }

    private boolean move(Walk walk, LongPredicate victims, long bytesMax) throws VolumeException {
        List<Move> burst = new ArrayList<>();
        long bytes = 0;
        long all = 0;
        boolean whole = true;
        while (!pacing.isEnded() && all < bytesMax) {
            List<ChunkId> group = walk.next();
            if (group.isEmpty()) {
                break;
            }
            Reads reads = new Reads(group, victims);
            steps.run(group.size(), reads::read);
            whole &= reads.check();
            for (Move move : reads.moves) {
                if (move != null) {
                    burst.add(move);
                    bytes += move.bytes();
                    all += move.bytes();
                }
                if (bytes >= BURST_BYTES) {
                    put(burst);
                    bytes = 0;
                }
            }
        }
        put(burst);
        return whole;
    }

    private void put(List<Move> burst) throws VolumeException {
        if (burst.isEmpty()) {
            return;
        }
        pacing.awaitGap();
        for (Move move : burst) {
            if (source.move(move)) {
                movedChunks.increment();
                movedBytes.add(move.bytes());
            } else {
                outrun.increment();
            }
        }
        burst.clear();
        Barriers.await(source.cut());
        pacing.rest();
    }

    /** Reads the chunks of a group in parallel. */
    private final class Reads {
        private final List<ChunkId> chunks;
        private final LongPredicate victims;
        private final Move[] moves;
        private final VolumeException[] failures;

        Reads(List<ChunkId> chunks, LongPredicate victims) {
            this.chunks = chunks;
            this.victims = victims;
            this.moves = new Move[chunks.size()];
            this.failures = new VolumeException[chunks.size()];
        }

        void read(int i) {
            try {
                moves[i] = source.prepareMove(chunks.get(i), victims);
            } catch (VolumeException e) {
                failures[i] = e;
            }
        }

        /** Skips damage, which a reader will report. Returns false if there was any. */
        boolean check() throws VolumeException {
            boolean whole = true;
            for (int i = 0; i < failures.length; i++) {
                VolumeException why = failures[i];
                if (why != null && why.kind() != VolumeException.Kind.CORRUPT) {
                    throw why;
                } else if (why != null) {
                    LOG.warn("{} cannot be moved: {}", chunks.get(i), why.getMessage());
                    whole = false;
                }
            }
            return whole;
        }
    }

    /** Finds the selected chunks in their order. */
    private final class Walk {
        private final Wanted wanted;
        private final Deque<ChunkId> found = new ArrayDeque<>();
        private byte[] from = {IndexKeys.CHUNK};
        private boolean more = true;

        Walk(Wanted wanted) {
            this.wanted = wanted;
        }

        boolean isAtEnd() {
            return !more && found.isEmpty();
        }

        /** Returns the next group; empty at the end. */
        List<ChunkId> next() throws VolumeException {
            while (more && found.isEmpty() && !pacing.isEnded()) {
                look();
            }
            List<ChunkId> group = new ArrayList<>(GROUP_CHUNKS);
            while (group.size() < GROUP_CHUNKS && !found.isEmpty()) {
                group.add(found.remove());
            }
            return group;
        }

        private void look() throws VolumeException {
            KeyRange rest = new KeyRange(from, IndexKeys.kindEnd(IndexKeys.CHUNK));
            List<Placed> run = new ArrayList<>(RUN_CHUNKS);
            try (Cursor cursor = index.scan(rest, false)) {
                for (int looked = 0; looked < ENTRIES_PER_CURSOR; looked++) {
                    more = cursor.next();
                    if (!more) {
                        break;
                    }
                    byte[] key = cursor.key();
                    ChunkId chunk = new ChunkId(IndexKeys.chunkInode(key), IndexKeys.chunkIndex(key));
                    if (run.size() == RUN_CHUNKS || !run.isEmpty() && !follows(chunk, run)) {
                        choose(run);
                        if (!found.isEmpty()) {
                            // This one comes again, as the first of its run.
                            break;
                        }
                    }
                    run.add(new Placed(chunk, ChunkEntry.decode(cursor.value())));
                    // After this key and before any other.
                    from = Arrays.copyOf(key, key.length + 1);
                }
            }
            choose(run);
        }

        private static boolean follows(ChunkId chunk, List<Placed> run) {
            ChunkId last = run.get(run.size() - 1).chunk();
            return chunk.equals(new ChunkId(last.inode(), last.index() + 1));
        }

        private void choose(List<Placed> run) throws VolumeException {
            wanted.of(run).forEach(placed -> found.add(placed.chunk()));
            run.clear();
        }
    }
}
