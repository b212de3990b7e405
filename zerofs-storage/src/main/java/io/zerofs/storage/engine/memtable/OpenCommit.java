// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.storage.commit.DeadFrames;
import io.zerofs.storage.index.FrameReference;
import io.zerofs.storage.index.RecordBatch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * One commit in memory: log, slots and list of dead frames. Many threads fill it under the shared side of the gate. A cut
 * freezes it. Then it does not change until it is dropped, which is after the index has its frame table.
 */
public final class OpenCommit {
    private static final int DEATH_BYTES = 24;
    private static final int BATCH_OVERHEAD_BYTES = 24;
    private static final int SLOTS_INITIAL = 64;

    /** Blocks of an average delta between which a larger commit saves compaction; a chunk has 64. */
    private static final int SCATTERED_BLOCKS_MIN = 2;

    private static final int SCATTERED_BLOCKS_MAX = 32;

    private final long seq;
    private final AtomicLong memoryBytes = new AtomicLong();
    private final LongAdder writtenBlocks = new LongAdder();
    private final LongAdder rewrittenBlocks = new LongAdder();
    private final LongAdder deltas = new LongAdder();
    private final LongAdder deltaBlocks = new LongAdder();
    private final Object slotsLock = new Object();
    private final Object logLock = new Object();

    // Replaced when it grows. Readers and writers of a slot hold its chunk's stripe.
    private volatile MemorySlot[] slots = new MemorySlot[SLOTS_INITIAL];
    private volatile int slotCount;
    private ArrayList<byte[]> log = new ArrayList<>();
    private TreeMap<Long, List<Integer>> deadFrames = new TreeMap<>();
    private volatile int recordBytes;
    private volatile boolean changed;
    /** The moment after the first change; 0 before it. */
    private volatile long changedNanos;

    private volatile boolean frozen;

    public OpenCommit(long seq) {
        this.seq = seq;
    }

    public long seq() {
        return seq;
    }

    /** Returns the memory that the commit takes from the budget: data, log and overhead. */
    public long memoryBytes() {
        return memoryBytes.get();
    }

    /** Returns the part of it that is not written data: log, list of dead frames and slots. */
    public int overheadBytes() {
        return recordBytes + slotCount * MemorySlot.OVERHEAD_BYTES;
    }

    /**
     * Counts the blocks of 4 KiB that a batch wrote.
     *
     * @param rewritten blocks that this commit or a recent one already had
     */
    public void noteWritten(int written, int rewritten) {
        writtenBlocks.add(written);
        rewrittenBlocks.add(rewritten);
    }

    /** Returns whether most written blocks replace recently written ones. */
    public boolean rewritesMost() {
        return 2 * rewrittenBlocks.sum() > writtenBlocks.sum();
    }

    /**
     * Counts a delta or more of its blocks.
     *
     * @param first whether these are its first ones
     */
    public void noteDelta(boolean first, int blocks) {
        if (first) {
            deltas.increment();
        }
        deltaBlocks.add(blocks);
    }

    /**
     * Returns whether clients mainly overwrite small parts of many chunks, several in each. The longer such a commit stays
     * open, the more blocks have its deltas, and the fewer deltas need compaction. If hardly any chunk is written twice, or
     * the deltas are large, time gains nothing.
     */
    public boolean isScattered() {
        long blocks = deltaBlocks.sum();
        long frames = deltas.sum();
        return 2 * blocks > writtenBlocks.sum()
                && blocks >= SCATTERED_BLOCKS_MIN * frames
                && blocks < SCATTERED_BLOCKS_MAX * frames;
    }

    public boolean isChanged() {
        return changed;
    }

    /** Notes the moment of the first change. Cheap for the later ones, because each batch calls it. */
    public void noteChange(LongSupplier nanoTime) {
        if (changedNanos == 0) {
            changedNanos = nanoTime.getAsLong();
        }
    }

    /** Returns the moment of the first change; 0 if there is none. */
    public long changedNanos() {
        return changedNanos;
    }

    public boolean isFrozen() {
        return frozen;
    }

    /** Freezes the commit. The cut calls this with the gate shut. */
    public void freeze() {
        frozen = true;
    }

    public MemorySlot newSlot(ChunkId chunk) {
        synchronized (slotsLock) {
            if (slotCount == slots.length) {
                slots = Arrays.copyOf(slots, 2 * slotCount);
            }
            MemorySlot slot = new MemorySlot(slotCount);
            slots[slotCount++] = slot;
            return slot;
        }
    }

    /** Returns a slot; null if it is no longer in memory. */
    public MemorySlot slot(int number) {
        return slots[number];
    }

    /** Makes room for one more batch, so that {@link #append} cannot fail once the index has it. */
    public void prepareAppend() {
        synchronized (logLock) {
            log.ensureCapacity(log.size() + 1);
        }
    }

    /**
     * @param batch the bytes that the index took
     * @return memory taken
     */
    public int append(byte[] batch) {
        synchronized (logLock) {
            log.add(batch);
            recordBytes += batch.length + BATCH_OVERHEAD_BYTES;
        }
        return batch.length + BATCH_OVERHEAD_BYTES;
    }

    /** @return memory taken */
    public int addDeadFrames(List<FrameReference> frames) {
        synchronized (logLock) {
            for (FrameReference frame : frames) {
                deadFrames
                        .computeIfAbsent(frame.seq(), victim -> new ArrayList<>())
                        .add(frame.slot());
            }
            recordBytes += DEATH_BYTES * frames.size();
        }
        return DEATH_BYTES * frames.size();
    }

    /** Notes that the commit has changes, and the memory that they took or, if negative, returned. */
    public void account(long bytes) {
        memoryBytes.addAndGet(bytes);
        changed = true;
    }

    // The members below are read after the commit is frozen.

    public List<MemorySlot> slots() {
        return Arrays.asList(slots).subList(0, slotCount);
    }

    /**
     * Drops everything that only sealing and applying need, and compacted content. Compacted content is as old as the chunk,
     * and its room serves deltas until their compaction.
     *
     * @return memory that its slots still take
     */
    long keepWrittenOnly() {
        log = new ArrayList<>(0);
        deadFrames = new TreeMap<>();
        MemorySlot[] written =
                slots().stream().map(slot -> slot.isCompacted() ? null : slot).toArray(MemorySlot[]::new);
        slots = written;
        return Arrays.stream(written)
                .filter(Objects::nonNull)
                .mapToLong(MemorySlot::memoryBytes)
                .sum();
    }

    public List<ByteBuffer> batches() {
        return log.stream()
                .map(batch -> ByteBuffer.wrap(batch, RecordBatch.LOG_OFFSET, batch.length - RecordBatch.LOG_OFFSET)
                        .slice())
                .toList();
    }

    public List<DeadFrames> deadFrames() {
        return deadFrames.entrySet().stream()
                .map(victim -> new DeadFrames(
                        victim.getKey(),
                        victim.getValue().stream()
                                .mapToInt(Integer::intValue)
                                .sorted()
                                .toArray()))
                .toList();
    }
}
