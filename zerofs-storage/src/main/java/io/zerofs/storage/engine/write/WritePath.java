// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.write;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.memtable.ChunkStripes;
import io.zerofs.storage.engine.memtable.CommitTable;
import io.zerofs.storage.engine.memtable.CompactedChunk;
import io.zerofs.storage.engine.memtable.CompactionQueue;
import io.zerofs.storage.engine.memtable.DirtyBudget;
import io.zerofs.storage.engine.memtable.MemorySlot;
import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.engine.memtable.SlabAllocator;
import io.zerofs.storage.engine.runtime.StopSwitch;
import io.zerofs.storage.engine.write.StorageBatch.ChunkChange;
import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.index.RecordBatch;
import io.zerofs.storage.index.RocksIndex;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Puts batches into the index and the open commit, and cuts commits. Thread-safe. */
public final class WritePath {
    /** Maximum bytes of keys and values of one batch. A writer that reserves its bytes stays far below. */
    private static final int BATCH_BYTES_MAX = 2 * Volume.RESERVATION_BYTES_MAX;

    /** Maximum returned ranges: as many as concurrent writes overwrite at a time. */
    private static final int RANGES_RETURNED_MAX = 32;

    private final RocksIndex index;
    private final ChunkStripes stripes;
    private final CommitTable dirty;
    private final DirtyBudget budget;
    private final CompactionQueue compactions;
    private final StopSwitch stop;
    private final SlabAllocator slabs = new SlabAllocator(RANGES_RETURNED_MAX);
    private final CommitGate gate = new CommitGate();
    private volatile boolean accepting = true;
    private volatile long recentSeq = Long.MAX_VALUE;
    private volatile Consumer<Batch> contributor = batch -> {};

    public WritePath(
            RocksIndex index,
            ChunkStripes stripes,
            CommitTable dirty,
            DirtyBudget budget,
            CompactionQueue compactions,
            StopSwitch stop) {
        this.index = index;
        this.stripes = stripes;
        this.dirty = dirty;
        this.budget = budget;
        this.compactions = compactions;
        this.stop = stop;
    }

    /** Refuses batches from now on that have not entered the gate. */
    public void refuseBatches() {
        accepting = false;
    }

    /** Sets the first commit that counts as recent for rewritten data. */
    public void recentFrom(long seq) {
        recentSeq = seq;
    }

    public StorageBatch newBatch() {
        return new StorageBatch(slabs);
    }

    public void onCommitCut(Consumer<Batch> newContributor) {
        contributor = newContributor;
    }

    /**
     * Makes a batch visible and puts it into the open commit.
     *
     * @return the commit that took it
     */
    public OpenCommit apply(StorageBatch batch) throws VolumeException {
        if (batch.records().size() > BATCH_BYTES_MAX) {
            throw new IllegalArgumentException("a batch of " + batch.records().size() + " bytes of keys and values");
        }
        stripes.bring(batch.chunks().keySet());
        batch.copyBytes();
        return inGate(open -> applyInside(batch, open));
    }

    private OpenCommit applyInside(StorageBatch batch, OpenCommit open) throws VolumeException {
        int[] held = stripes.lockAll(batch.chunks().keySet());
        try {
            List<ChunkUpdate> plans = new ArrayList<>(batch.chunks().size());
            for (Map.Entry<ChunkId, List<ChunkChange>> chunk : batch.chunks().entrySet()) {
                plans.add(ChunkUpdate.of(
                        chunk.getKey(), stripes.entryNow(chunk.getKey()), open, recentSeq, chunk.getValue()));
            }
            long memory = write(batch.records(), plans, open);
            for (ChunkUpdate plan : plans) {
                memory += plan.carryOut();
                finish(plan, open);
            }
            account(open, memory);
            batch.actions().forEach(Runnable::run);
            return open;
        } finally {
            stripes.unlockAll(held);
        }
    }

    /** Writes the same bytes to the index and the log, or to neither. */
    private long write(RecordBatch records, List<ChunkUpdate> plans, OpenCommit open) throws VolumeException {
        for (ChunkUpdate plan : plans) {
            if (plan.changesEntry()) {
                putEntry(records, plan.chunk(), plan.after());
            }
        }
        return records.isEmpty() ? 0 : write(records, open);
    }

    private long write(RecordBatch records, OpenCommit open) throws VolumeException {
        byte[] bytes = records.toBytes();
        open.prepareAppend();
        try {
            index.write(bytes);
        } catch (VolumeException e) {
            if (e.kind() == VolumeException.Kind.NO_SPACE) {
                throw e;
            }
            throw new DoubtfulWriteException(e);
        }
        return open.append(bytes);
    }

    private static void putEntry(RecordBatch records, ChunkId chunk, ChunkEntry entry) {
        byte[] key = IndexKeys.chunk(chunk.inode(), chunk.index());
        if (entry.isHole()) {
            records.delete(key);
        } else {
            records.put(key, entry.encode());
        }
    }

    private void finish(ChunkUpdate plan, OpenCommit open) {
        if (!plan.changesEntry()) {
            return;
        }
        ChunkEntry after = plan.after();
        stripes.put(plan.chunk(), after);
        compactions.entryChanged(plan.chunk(), after);
        if (!plan.deadFrames().isEmpty()) {
            account(open, open.addDeadFrames(plan.deadFrames()));
        }
    }

    /**
     * Replaces frames by their compacted frame, if the entry still contains them unchanged.
     *
     * @return the commit that took it, or null if the entry changed meanwhile
     */
    public OpenCommit replace(ChunkId chunk, CompactedChunk result) throws VolumeException {
        // The store was read since the plan, and other entries may have taken its place in memory.
        stripes.bring(List.of(chunk));
        return inGate(open -> replaceInside(chunk, result, open));
    }

    private OpenCommit replaceInside(ChunkId chunk, CompactedChunk result, OpenCommit open) throws VolumeException {
        stripes.lock(chunk);
        try {
            ChunkEntry before = stripes.entryNow(chunk);
            if (!result.appliesTo(before)) {
                return null;
            }
            MemorySlot slot = open.newSlot(chunk);
            ChunkEntry after = result.replaceIn(before, open.seq(), slot.number());
            RecordBatch records = new RecordBatch();
            putEntry(records, chunk, after);
            long memory = write(records, open);
            result.fill(slot);
            stripes.put(chunk, after);
            compactions.entryChanged(chunk, after);
            account(open, memory + slot.memoryBytes() + open.addDeadFrames(result.compacted()));
            return open;
        } finally {
            stripes.unlock(chunk);
        }
    }

    /** Applies the engine's own records. */
    public OpenCommit applyRecords(RecordBatch records) throws VolumeException {
        return inGate(open -> {
            account(open, write(records, open));
            return open;
        });
    }

    /** Waits until every batch that began before has ended. */
    public void settle() {
        gate.shut();
        gate.open();
    }

    /**
     * Freezes the open commit, with the contributor's records at its end, and opens the next.
     *
     * @return the frozen one, or null if nothing changed since the last cut
     * @throws VolumeException NO_SPACE if the commit stays open because the index takes no writes for now; DISK or CLOSED
     *     if the caller, who holds a lock, has to stop the engine after it released it
     */
    public OpenCommit cut() throws VolumeException {
        gate.shut();
        try {
            return dirty.open().isChanged() ? cutInside(dirty.open()) : null;
        } catch (RuntimeException | Error e) {
            throw internalError(e);
        } finally {
            gate.open();
        }
    }

    private OpenCommit cutInside(OpenCommit open) throws VolumeException {
        StorageBatch last = new StorageBatch(null);
        contributor.accept(last);
        if (!last.chunks().isEmpty()) {
            throw new IllegalStateException("what is put at a cut has no chunks");
        }
        if (!last.records().isEmpty()) {
            account(open, write(last.records(), open));
        }
        // In this order, so that a lack of memory leaves the commit open.
        dirty.add(new OpenCommit(open.seq() + 1));
        open.freeze();
        slabs.forgetReturned();
        return open;
    }

    private void account(OpenCommit open, long memory) {
        open.account(memory);
        budget.charge(memory);
    }

    /** A write that may be half applied: the index may differ from the log. */
    private static final class DoubtfulWriteException extends RuntimeException {
        private final transient VolumeException reason;

        DoubtfulWriteException(VolumeException reason) {
            super(reason.getMessage(), reason);
            this.reason = reason;
        }
    }

    private interface Work {
        OpenCommit on(OpenCommit open) throws VolumeException;
    }

    /**
     * Runs work inside the gate. A doubtful write or a bug ends the engine. Listeners are called after all locks were
     * released.
     */
    private OpenCommit inGate(Work work) throws VolumeException {
        try {
            gate.enter();
            try {
                stop.check();
                if (!accepting) {
                    throw new VolumeException(VolumeException.Kind.CLOSED, "the volume is being closed");
                }
                return work.on(dirty.open());
            } finally {
                gate.leave();
            }
        } catch (RuntimeException | Error e) {
            VolumeException why = internalError(e);
            stop.stop(why);
            throw StopSwitch.failure(why);
        }
    }

    public static VolumeException internalError(Throwable cause) {
        if (cause instanceof DoubtfulWriteException doubtful && doubtful.reason.kind() == VolumeException.Kind.DISK) {
            return doubtful.reason;
        }
        return new VolumeException(
                VolumeException.Kind.CLOSED,
                "the volume stopped after an internal error: " + cause.getMessage(),
                cause);
    }
}
