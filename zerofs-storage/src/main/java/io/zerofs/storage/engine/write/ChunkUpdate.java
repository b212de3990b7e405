// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.write;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.memtable.Extents;
import io.zerofs.storage.engine.memtable.MemorySlot;
import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.engine.write.StorageBatch.ChunkChange;
import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.FrameReference;
import java.util.ArrayList;
import java.util.List;

/**
 * A batch's update of one chunk: the new entry, the slot that takes the bytes, and the frames that lose their reference. It
 * is made and carried out under the chunk's stripe. It is carried out only after the index took the batch, so that a
 * refused batch leaves only an unused slot.
 */
final class ChunkUpdate {
    private final ChunkId chunk;
    private final OpenCommit commit;
    private final long recentSeq;
    private final ChunkEntry before;
    private final List<FrameReference> frames;
    private final List<FrameReference> deadFrames = new ArrayList<>(0);
    private final List<MemorySlot> closing = new ArrayList<>(0);
    private final List<ChunkChange> content = new ArrayList<>(1);
    private MemorySlot slot;
    private boolean slotIsNew;
    private boolean full;
    private int writtenBlocks;
    private int rewrittenBlocks;
    private ChunkEntry after;

    private ChunkUpdate(ChunkId chunk, ChunkEntry before, OpenCommit commit, long recentSeq) {
        this.recentSeq = recentSeq;
        this.chunk = chunk;
        this.commit = commit;
        this.before = before;
        this.frames = new ArrayList<>(before.frames());
        if (!frames.isEmpty() && before.last().seq() == commit.seq()) {
            slot = commit.slot(before.last().slot());
            full = slot.isFull();
        }
    }

    /** @param recentSeq the first of the commits that count as recent */
    static ChunkUpdate of(
            ChunkId chunk, ChunkEntry before, OpenCommit commit, long recentSeq, List<ChunkChange> changes)
            throws VolumeException {
        ChunkUpdate plan = new ChunkUpdate(chunk, before, commit, recentSeq);
        for (ChunkChange change : changes) {
            if (change instanceof StorageBatch.Write write) {
                plan.cover(change, write.offset(), write.end());
            } else if (change instanceof StorageBatch.Zero zero) {
                if (!plan.frames.isEmpty()) {
                    plan.cover(change, zero.from(), zero.to());
                }
            } else {
                plan.makeHole();
            }
        }
        plan.conclude();
        return plan;
    }

    ChunkId chunk() {
        return chunk;
    }

    ChunkEntry after() {
        return after;
    }

    boolean changesEntry() {
        return after != before;
    }

    List<FrameReference> deadFrames() {
        return deadFrames;
    }

    /** @return memory taken or, if negative, returned */
    long carryOut() {
        long memory = 0;
        for (MemorySlot lost : closing) {
            memory -= lost.memoryBytes();
            lost.close();
            memory += lost.memoryBytes();
        }
        commit.noteWritten(writtenBlocks, rewrittenBlocks);
        if (slot == null) {
            return memory;
        }
        if (!full) {
            commit.noteDelta(slotIsNew, writtenBlocks);
        }
        memory -= slotIsNew ? 0 : slot.memoryBytes();
        if (full) {
            slot.becomeFull();
        }
        for (ChunkChange change : content) {
            if (change instanceof StorageBatch.Write write) {
                slot.extents().write(write.offset(), write.copy());
            } else if (change instanceof StorageBatch.Zero zero) {
                slot.extents().zero(zero.from(), zero.to(), full);
            }
        }
        return memory + slot.memoryBytes();
    }

    private void conclude() throws VolumeException {
        if (frames.size() > ChunkEntry.FRAMES_MAX) {
            throw new VolumeException(
                    VolumeException.Kind.UNAVAILABLE,
                    "chunk " + chunk.index() + " of inode " + chunk.inode() + " has " + ChunkEntry.FRAMES_MAX
                            + " frames that could not be compacted and takes no other, unless it is rewritten whole");
        }
        after = frames.equals(before.frames()) ? before : new ChunkEntry(frames);
    }

    private void cover(ChunkChange change, int from, int to) {
        content.add(change);
        long written = Extents.touchedBy(from, to);
        writtenBlocks += Long.bitCount(written);
        frames.forEach(frame -> rewrittenBlocks += Long.bitCount(written & recentBlocks(frame)));
        if (frames.isEmpty()) {
            reserveSlot();
            full = true;
            frames.add(FrameReference.full(commit.seq(), slot.number()));
            return;
        }
        if (slot == null) {
            reserveSlot();
            frames.add(FrameReference.delta(commit.seq(), slot.number(), 0));
        }
        if (full) {
            return;
        }
        int last = frames.size() - 1;
        // Does not see what earlier changes of this batch cover in part: then a delta stays for compaction.
        long covered = slot.extents().coveredWith(from, to);
        if (covered == FrameReference.ALL_BLOCKS) {
            frames.subList(0, last).forEach(this::drop);
            frames.clear();
            frames.add(FrameReference.full(commit.seq(), slot.number()));
            full = true;
            return;
        }
        long touched = frames.get(last).blocks() | Extents.touchedBy(from, to);
        frames.set(last, FrameReference.delta(commit.seq(), slot.number(), touched));
        for (int i = last - 1; i > 0; i--) {
            if ((frames.get(i).blocks() & ~covered) == 0) {
                drop(frames.remove(i));
            }
        }
    }

    /** Makes a hole. This is always the first change of a batch, because it supersedes earlier ones. */
    private void makeHole() {
        frames.forEach(frame -> rewrittenBlocks += Long.bitCount(recentBlocks(frame)));
        frames.forEach(this::drop);
        frames.clear();
        slot = null;
        full = false;
    }

    /** Returns the blocks of a frame that the open commit or a recent one has. */
    private long recentBlocks(FrameReference frame) {
        if (frame.seq() == commit.seq()) {
            return commit.slot(frame.slot()).extents().touchedBlocks();
        }
        return frame.seq() < recentSeq ? 0 : frame.blocks();
    }

    private void reserveSlot() {
        slot = commit.newSlot(chunk);
        slotIsNew = true;
    }

    /** Drops a frame. A frame of an older commit dies; a slot of the open one closes, and is never used again. */
    private void drop(FrameReference frame) {
        if (frame.seq() == commit.seq()) {
            closing.add(commit.slot(frame.slot()));
        } else {
            deadFrames.add(frame);
        }
    }
}
