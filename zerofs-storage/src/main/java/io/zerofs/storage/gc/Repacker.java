// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.commit.ParallelSteps;
import io.zerofs.storage.engine.SpaceSource;
import io.zerofs.storage.engine.SpaceSource.Move;
import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.index.FrameReference;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.index.RocksIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the live frames of some commits again. Walks the chunk entries, so frames come sorted by inode and chunk; reads a few
 * megabytes, then puts them into the open commit at once and has it cut, so that they end up side by side and nobody's barrier
 * uploads more than that. Confined to one thread at a time.
 */
final class Repacker {
    private static final Logger LOG = LoggerFactory.getLogger(Repacker.class);

    /** Most that is added to one commit. */
    private static final int BURST_BYTES = 4 << 20;

    /** Chunks read together; with a burst the memory that moving takes. */
    private static final int GROUP_CHUNKS = 16;

    /** Deltas from which a chunk is folded once nobody asks for anything: each may be a request of its own to a reader. */
    private static final int DELTAS_MAX = 4;

    /** A chunk is folded when an eighth of its base is hidden. */
    private static final int HIDDEN_PART_MIN = 8;

    /** Entries looked at with one cursor, which holds back the index's own cleaning while it is open. */
    private static final int ENTRIES_PER_CURSOR = 1 << 14;

    private final RocksIndex index;
    private final SpaceSource source;
    private final ParallelSteps steps;
    private final Pacing pacing;
    private final LongAdder movedChunks = new LongAdder();
    private final LongAdder movedBytes = new LongAdder();
    private final LongAdder outrun = new LongAdder();

    Repacker(RocksIndex index, SpaceSource source, ParallelSteps steps, Pacing pacing) {
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

    /** Says of a chunk entry whether it is to be looked at. */
    interface Wanted {
        boolean test(ChunkEntry entry) throws VolumeException;
    }

    /**
     * Moves what the victims have.
     *
     * @return false if something could not be read for good
     */
    boolean move(Set<Long> victims) throws VolumeException {
        return move(
                entry -> entry.frames().stream().anyMatch(frame -> victims.contains(frame.seq())), victims::contains);
    }

    /** Makes chunks of which deltas hide a good part into one frame each; as {@link #move}. */
    boolean foldHidden() throws VolumeException {
        return move(this::isHiddenInPart, seq -> true);
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
        // Not in the store yet, then: a later look will find it.
        return table != null
                && (long) Long.bitCount(hidden) * FrameReference.BLOCK_BYTES * HIDDEN_PART_MIN
                        >= table.frame(base.slot()).length();
    }

    private boolean move(Wanted wanted, LongPredicate victims) throws VolumeException {
        Walk walk = new Walk(wanted);
        List<Move> burst = new ArrayList<>();
        long bytes = 0;
        boolean whole = true;
        while (!pacing.isEnded()) {
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
        Waiting.forDurable(source.cut());
        pacing.rest();
    }

    /** Reads the chunks of a group side by side. */
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

        /** Passes over damage, which a reader will report; false if there was any. */
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

    /** Finds the chunks that are wanted, in their order. */
    private final class Walk {
        private final Wanted wanted;
        private byte[] from = {IndexKeys.CHUNK};

        Walk(Wanted wanted) {
            this.wanted = wanted;
        }

        /** The next group; empty at the end. */
        List<ChunkId> next() throws VolumeException {
            List<ChunkId> found = new ArrayList<>(GROUP_CHUNKS);
            boolean more = true;
            while (more && found.isEmpty() && !pacing.isEnded()) {
                more = look(found);
            }
            return found;
        }

        private boolean look(List<ChunkId> found) throws VolumeException {
            KeyRange rest = new KeyRange(from, IndexKeys.kindEnd(IndexKeys.CHUNK));
            try (Cursor cursor = index.scan(rest, false)) {
                for (int looked = 0; looked < ENTRIES_PER_CURSOR && found.size() < GROUP_CHUNKS; looked++) {
                    if (!cursor.next()) {
                        return false;
                    }
                    byte[] key = cursor.key();
                    if (wanted.test(ChunkEntry.decode(cursor.value()))) {
                        found.add(new ChunkId(IndexKeys.chunkInode(key), IndexKeys.chunkIndex(key)));
                    }
                    // Behind this key and before any other.
                    from = Arrays.copyOf(key, key.length + 1);
                }
            }
            return true;
        }
    }
}
