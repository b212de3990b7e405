// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.read;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.memtable.ChunkStripes;
import io.zerofs.storage.engine.memtable.CommitTable;
import io.zerofs.storage.engine.memtable.Extents;
import io.zerofs.storage.engine.memtable.MemorySlot;
import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.FrameReference;
import java.util.Collections;
import java.util.List;
import java.util.function.LongPredicate;

/** Determines the content of a range, under the stripe of its chunk and without waiting. Thread-safe. */
public final class ReadPlanner {
    private final ChunkStripes stripes;
    private final CommitTable dirty;

    public ReadPlanner(ChunkStripes stripes, CommitTable dirty) {
        this.stripes = stripes;
        this.dirty = dirty;
    }

    ChunkRead plan(ChunkId chunk, int from, int to) throws VolumeException {
        stripes.lock(chunk);
        try {
            return plan(chunk, from, to, stripes.entry(chunk).frames());
        } finally {
            stripes.unlock(chunk);
        }
    }

    /** Returns the frames of a chunk that are no longer in memory, oldest first. */
    public List<FrameReference> stored(ChunkId chunk) throws VolumeException {
        stripes.lock(chunk);
        try {
            return stripes.entry(chunk).frames().stream()
                    .filter(frame -> inMemory(frame, 0, 0) == null)
                    .toList();
        } finally {
            stripes.unlock(chunk);
        }
    }

    /**
     * Returns the frames of a chunk that may be compacted: the longest run of neighbours in the entry whose commits are
     * frozen. A frame that compaction or a move has put into the open commit separates two runs.
     *
     * @param withBaseAt touched blocks from which on the base is compacted too
     * @return null if no run has two deltas
     */
    public ChunkRead planCompaction(ChunkId chunk, int withBaseAt) throws VolumeException {
        stripes.lock(chunk);
        try {
            List<FrameReference> row = longestFrozenRow(stripes.entry(chunk).frames());
            List<FrameReference> deltas = row.isEmpty() || !row.get(0).full() ? row : row.subList(1, row.size());
            if (deltas.size() < 2) {
                return null;
            }
            return whole(chunk, touchedBy(deltas) >= withBaseAt ? row : deltas);
        } finally {
            stripes.unlock(chunk);
        }
    }

    private List<FrameReference> longestFrozenRow(List<FrameReference> frames) {
        long open = dirty.open().seq();
        List<FrameReference> longest = List.of();
        int start = 0;
        for (int end = 0; end <= frames.size(); end++) {
            if (end == frames.size() || frames.get(end).seq() >= open) {
                longest = end - start > longest.size() ? frames.subList(start, end) : longest;
                start = end + 1;
            }
        }
        return longest;
    }

    /**
     * Returns the frames of a chunk that must leave some commits, with the deltas beside them: all deltas of frozen commits,
     * and the base if it must leave too or if compaction would include it.
     *
     * @return null if the chunk has no such frame
     */
    public ChunkRead planMove(ChunkId chunk, LongPredicate victims, int withBaseAt) throws VolumeException {
        stripes.lock(chunk);
        try {
            List<FrameReference> frozen = frozen(stripes.entry(chunk));
            if (frozen.stream().noneMatch(frame -> victims.test(frame.seq()))) {
                return null;
            }
            boolean withBase =
                    victims.test(frozen.get(0).seq()) || touchedBy(frozen.subList(1, frozen.size())) >= withBaseAt;
            return whole(chunk, frozen.subList(withBase ? 0 : 1, frozen.size()));
        } finally {
            stripes.unlock(chunk);
        }
    }

    /** Returns whether the chunk still begins with these frames; newer ones may follow. */
    boolean stillNames(ChunkRead read) throws VolumeException {
        stripes.lock(read.chunk());
        try {
            return Collections.indexOfSubList(stripes.entry(read.chunk()).frames(), read.frames()) >= 0;
        } finally {
            stripes.unlock(read.chunk());
        }
    }

    private List<FrameReference> frozen(ChunkEntry entry) {
        List<FrameReference> frames = entry.frames();
        long open = dirty.open().seq();
        int end = 0;
        while (end < frames.size() && frames.get(end).seq() < open) {
            end++;
        }
        return frames.subList(0, end);
    }

    private static int touchedBy(List<FrameReference> deltas) {
        long touched = 0;
        for (FrameReference delta : deltas) {
            touched |= delta.blocks();
        }
        return Long.bitCount(touched);
    }

    private ChunkRead whole(ChunkId chunk, List<FrameReference> frames) {
        FrameLayer.Memory[] memory = new FrameLayer.Memory[frames.size()];
        long[] needed = new long[frames.size()];
        for (int i = 0; i < frames.size(); i++) {
            needed[i] = FrameReference.ALL_BLOCKS;
            memory[i] = inMemory(frames.get(i), 0, Volume.CHUNK_BYTES);
        }
        return new ChunkRead(chunk, 0, Volume.CHUNK_BYTES, frames, memory, needed);
    }

    /** Plans a read from the newest frame to the oldest, until the range is complete. */
    private ChunkRead plan(ChunkId chunk, int from, int to, List<FrameReference> frames) {
        int count = frames.size();
        FrameLayer.Memory[] memory = new FrameLayer.Memory[count];
        long[] needed = new long[count];
        long open = Extents.touchedBy(from, to);
        int first = count;
        while (first > 0 && open != 0) {
            first--;
            FrameReference frame = frames.get(first);
            needed[first] = open;
            FrameLayer.Memory layer = inMemory(frame, from, to);
            memory[first] = layer;
            if (layer != null) {
                boolean whole = layer.full() || layer.extents().contains(from, to);
                open = whole ? 0 : open & ~layer.extents().coveredBlocks();
            }
        }
        ChunkRead all = new ChunkRead(chunk, from, to, frames, memory, needed);
        return first == 0 ? all : all.withoutOldest(first);
    }

    private FrameLayer.Memory inMemory(FrameReference frame, int from, int to) {
        OpenCommit commit = dirty.find(frame.seq());
        MemorySlot slot = commit == null ? null : commit.slot(frame.slot());
        if (slot == null) {
            return null;
        }
        Extents extents = slot.extents();
        // An open slot may change as soon as the stripe is released.
        return new FrameLayer.Memory(commit.isFrozen() ? extents : extents.copy(from, to), slot.isFull());
    }
}
