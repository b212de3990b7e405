// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.compact;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.memtable.CompactedChunk;
import io.zerofs.storage.engine.memtable.CompactionQueue;
import io.zerofs.storage.engine.memtable.DirtyBudget;
import io.zerofs.storage.engine.memtable.Extents;
import io.zerofs.storage.engine.memtable.MemorySlot;
import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.engine.memtable.SlabAllocator;
import io.zerofs.storage.engine.read.ChunkRead;
import io.zerofs.storage.engine.read.FrameLayer;
import io.zerofs.storage.engine.read.ReadPath;
import io.zerofs.storage.engine.read.ReadPlanner;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.StopSwitch;
import io.zerofs.storage.engine.write.WritePath;
import io.zerofs.storage.index.FrameReference;
import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compacts deltas in the background, a few chunks at a time. It reads their immutable frames and puts the merged content
 * into a new slot, unless the entry changed meanwhile. Thread-safe.
 */
public final class DeltaCompactor {
    private static final Logger log = LoggerFactory.getLogger(DeltaCompactor.class);
    private static final long TICK_NANOS = 1_000_000_000L;
    private static final byte[] NO_BLOCK = new byte[FrameReference.DELTA_BLOCK_BYTES];

    private final EngineSettings.Compaction settings;
    private final CompactionQueue queue;
    private final ReadPlanner planner;
    private final ReadPath reads;
    private final WritePath writes;
    private final DirtyBudget budget;
    private final StopSwitch stop;
    private final Executor executor;
    private final EngineRuntime.Timer timer;
    private final LongSupplier nanoTime;
    private final Consumer<OpenCommit> afterWrite;
    // No range waits here: nothing would drop it, and its slab would stay after the compactions.
    private final SlabAllocator slabs = new SlabAllocator(0);
    private final Semaphore tasks;
    private final AtomicBoolean ticks = new AtomicBoolean();
    private final LongAdder compactions = new LongAdder();

    /** The collaborators of compaction. */
    public record Paths(
            CompactionQueue queue, ReadPlanner planner, ReadPath reads, WritePath writes, DirtyBudget budget) {}

    /** @param afterWrite receives the commit that took a compacted frame */
    public DeltaCompactor(
            EngineSettings.Compaction settings,
            Paths paths,
            EngineRuntime runtime,
            StopSwitch stop,
            Consumer<OpenCommit> afterWrite) {
        this.settings = settings;
        this.tasks = new Semaphore(settings.tasksMax());
        this.queue = paths.queue();
        this.planner = paths.planner();
        this.reads = paths.reads();
        this.writes = paths.writes();
        this.budget = paths.budget();
        this.stop = stop;
        this.executor = runtime.requests();
        this.timer = runtime.timer();
        this.nanoTime = runtime.nanoTime();
        this.afterWrite = afterWrite;
    }

    /** Starts a task if there is work and a task is missing. The caller holds no lock. */
    public void kick() {
        // A refused attempt must not, even for a moment, block a task that ends and checks the queue again.
        if (queue.hasWork() && !stop.isStopped() && tasks.tryAcquire()) {
            executor.execute(this::work);
        }
    }

    /** Returns the number of chunks compacted since the start. */
    public long compactions() {
        return compactions.sum();
    }

    private void work() {
        try {
            for (ChunkId chunk = queue.poll(); chunk != null && !stop.isStopped(); chunk = queue.poll()) {
                compact(chunk);
            }
        } finally {
            tasks.release();
            // A chunk that was queued since the last check found all tasks busy.
            kick();
        }
    }

    private void compact(ChunkId chunk) {
        try {
            ChunkRead frames = planner.planCompaction(chunk, settings.baseAt());
            if (frames != null) {
                compactUndamaged(frames);
            }
        } catch (VolumeException e) {
            failed(chunk, e);
        } catch (RuntimeException | Error e) {
            failed(chunk, new VolumeException(VolumeException.Kind.UNAVAILABLE, e.toString(), e));
            throw e;
        } finally {
            queue.tried(chunk);
        }
    }

    /** Compacts the newer frames without the damaged ones before them, so that an active chunk keeps few frames. */
    private void compactUndamaged(ChunkRead frames) throws VolumeException {
        int count = frames.frames().size();
        try {
            OpenCommit commit = replace(frames);
            if (commit == null) {
                queue.putBack(frames.chunk());
                return;
            }
            compactions.increment();
            afterWrite.accept(commit);
        } catch (VolumeException e) {
            if (e.kind() == VolumeException.Kind.CORRUPT && count >= 4) {
                compactUndamaged(frames.withoutOldest((count + 1) / 2));
            }
            throw e;
        }
    }

    /**
     * Replaces frames by one. It waits for room like a writer: otherwise a flood of overwrites would outrun the store.
     *
     * @return null if the entry changed meanwhile
     */
    private OpenCommit replace(ChunkRead frames) throws VolumeException {
        long room = room(frames);
        try {
            budget.acquire(room);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new VolumeException(VolumeException.Kind.CLOSED, "the engine ended before a compaction", e);
        }
        try {
            return writes.replace(frames.chunk(), merge(frames));
        } finally {
            budget.charge(-room);
        }
    }

    /** Returns the memory to reserve for a compaction: its input, as far as known, and its output. */
    private static long room(ChunkRead frames) {
        long room = Volume.CHUNK_BYTES + MemorySlot.OVERHEAD_BYTES;
        for (FrameReference frame : frames.frames()) {
            room += frame.full()
                    ? Volume.CHUNK_BYTES
                    : (long) FrameReference.DELTA_BLOCK_BYTES * Long.bitCount(frame.blocks());
        }
        return room;
    }

    private void failed(ChunkId chunk, VolumeException why) {
        boolean damaged = why.kind() == VolumeException.Kind.CORRUPT;
        int attempts = queue.failed(chunk, damaged, nanoTime.getAsLong());
        if (damaged && Integer.bitCount(attempts) == 1) {
            log.error(
                    "chunk {} of inode {} could not be compacted at attempt {}, trying again: {}",
                    chunk.index(),
                    chunk.inode(),
                    attempts,
                    why.getMessage());
        }
        tickSoon();
    }

    private void tickSoon() {
        if (!stop.isStopped() && ticks.compareAndSet(false, true)) {
            timer.after(TICK_NANOS, this::tick);
        }
    }

    private void tick() {
        ticks.set(false);
        if (queue.wake(nanoTime.getAsLong())) {
            tickSoon();
        }
        kick();
    }

    /** Returns the merged content of the frames. May wait for the store. */
    CompactedChunk merge(ChunkRead frames) throws VolumeException {
        FrameLayer[] layers = reads.resolveFrozen(frames);
        Extents content = new Extents();
        if (frames.frames().get(0).full()) {
            byte[] whole = new byte[Volume.CHUNK_BYTES];
            for (FrameLayer layer : layers) {
                layer.visit(0, whole.length, (start, length, data, offset) -> {
                    if (data == null) {
                        Arrays.fill(whole, start, start + length, (byte) 0);
                    } else {
                        System.arraycopy(data, offset, whole, start, length);
                    }
                });
            }
            writeWithoutZeros(whole, content);
        } else {
            for (FrameLayer layer : layers) {
                layer.visit(0, Volume.CHUNK_BYTES, (start, length, data, offset) -> {
                    if (data == null) {
                        content.zero(start, start + length, false);
                    } else {
                        content.write(start, copy(data, offset, length));
                    }
                });
            }
        }
        return new CompactedChunk(frames.frames(), content);
    }

    /** Writes only bytes that are not zeros, so that a sparse chunk takes little room in memory and in moves. */
    private void writeWithoutZeros(byte[] chunk, Extents content) {
        int length = lengthWithoutZeros(chunk);
        int from = 0;
        for (int block = 0; block < length; block += NO_BLOCK.length) {
            int end = Math.min(length, block + NO_BLOCK.length);
            if (Arrays.equals(chunk, block, end, NO_BLOCK, 0, end - block)) {
                writePart(chunk, from, block, content);
                from = end;
            }
        }
        writePart(chunk, from, length, content);
    }

    private void writePart(byte[] chunk, int from, int to, Extents content) {
        if (from < to) {
            content.write(from, copy(chunk, from, to - from));
        }
    }

    private SlabAllocator.Range copy(byte[] bytes, int offset, int length) {
        SlabAllocator.Range copy = slabs.take(length);
        System.arraycopy(bytes, offset, copy.bytes(), copy.offset(), length);
        return copy;
    }

    private static int lengthWithoutZeros(byte[] bytes) {
        int length = bytes.length;
        while (length > 0 && bytes[length - 1] == 0) {
            length--;
        }
        return length;
    }
}
