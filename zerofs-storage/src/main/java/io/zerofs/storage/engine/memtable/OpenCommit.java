// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.storage.commit.Death;
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

/**
 * What one commit collects in memory: log, slots and death list. Filled under the shared side of the gate by many
 * threads; frozen by a cut, and unchanged until it is dropped after its frame table stands in the index.
 */
public final class OpenCommit {
    private static final int DEATH_BYTES = 24;
    private static final int BATCH_OVERHEAD_BYTES = 24;
    private static final int SLOTS_INITIAL = 64;

    private final long seq;
    private final AtomicLong memoryBytes = new AtomicLong();
    private final LongAdder writtenBlocks = new LongAdder();
    private final LongAdder rewrittenBlocks = new LongAdder();
    private final Object slotsLock = new Object();
    private final Object logLock = new Object();

    // Replaced when it grows. Whoever looks for a slot holds its chunk's stripe, as did who put it there.
    private volatile MemorySlot[] slots = new MemorySlot[SLOTS_INITIAL];
    private volatile int slotCount;
    private ArrayList<byte[]> log = new ArrayList<>();
    private TreeMap<Long, List<Integer>> deaths = new TreeMap<>();
    private volatile int recordBytes;
    private volatile boolean changed;
    private volatile boolean frozen;

    public OpenCommit(long seq) {
        this.seq = seq;
    }

    public long seq() {
        return seq;
    }

    /** Data, log and overhead: what the commit takes from the budget. */
    public long memoryBytes() {
        return memoryBytes.get();
    }

    /** The part of it that is not written data: log, death list and slots. */
    public int overheadBytes() {
        return recordBytes + slotCount * MemorySlot.OVERHEAD_BYTES;
    }

    /**
     * Notes what a batch wrote, in blocks of 4 KiB.
     *
     * @param rewritten those that this commit, or one shortly before it, had already
     */
    public void noteWritten(int written, int rewritten) {
        writtenBlocks.add(written);
        rewrittenBlocks.add(rewritten);
    }

    /** Whether most of what is written takes the place of what was written shortly before. */
    public boolean rewritesMost() {
        return 2 * rewrittenBlocks.sum() > writtenBlocks.sum();
    }

    public boolean isChanged() {
        return changed;
    }

    public boolean isFrozen() {
        return frozen;
    }

    /** Called by the cut, with the gate shut. */
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

    /** Null if it is no longer in memory. */
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
    public int addDeaths(List<FrameReference> frames) {
        synchronized (logLock) {
            for (FrameReference frame : frames) {
                deaths.computeIfAbsent(frame.seq(), victim -> new ArrayList<>()).add(frame.slot());
            }
            recordBytes += DEATH_BYTES * frames.size();
        }
        return DEATH_BYTES * frames.size();
    }

    /** Notes that there is something to make durable, and what memory it took or, negative, gave back. */
    public void account(long bytes) {
        memoryBytes.addAndGet(bytes);
        changed = true;
    }

    // What follows is read once the commit is frozen.

    public List<MemorySlot> slots() {
        return Arrays.asList(slots).subList(0, slotCount);
    }

    /**
     * Forgets what is only needed to seal and apply the commit, and what folds made: it is as old as the chunk, and in its
     * room deltas stay until they are folded.
     *
     * @return memory that its slots still take
     */
    long keepWrittenOnly() {
        log = new ArrayList<>(0);
        deaths = new TreeMap<>();
        MemorySlot[] written =
                slots().stream().map(slot -> slot.isFolded() ? null : slot).toArray(MemorySlot[]::new);
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

    public List<Death> deaths() {
        return deaths.entrySet().stream()
                .map(victim -> new Death(
                        victim.getKey(),
                        victim.getValue().stream()
                                .mapToInt(Integer::intValue)
                                .sorted()
                                .toArray()))
                .toList();
    }
}
