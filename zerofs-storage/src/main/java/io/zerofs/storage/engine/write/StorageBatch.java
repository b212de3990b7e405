// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.write;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.Volume;
import io.zerofs.storage.engine.memtable.SlabAllocator;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.index.RecordBatch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A batch while it is filled: records in their final form, and changes of chunks in order. */
public final class StorageBatch implements Batch {
    /** A change of one chunk. */
    sealed interface ChunkChange permits Write, Zero, Delete {}

    /**
     * @param source the caller's bytes, untouched until {@link #copyBytes}
     * @param copy room for our own copy of them
     */
    record Write(int offset, ByteBuffer source, SlabAllocator.Range copy) implements ChunkChange {
        int end() {
            return offset + copy.length();
        }
    }

    record Zero(int from, int to) implements ChunkChange {}

    record Delete() implements ChunkChange {}

    private final SlabAllocator slabs;
    private final RecordBatch records = new RecordBatch();
    private final Map<ChunkId, List<ChunkChange>> chunks = new LinkedHashMap<>();
    private final List<Runnable> actions = new ArrayList<>(1);
    private boolean applied;

    /** @param slabs the target of copied bytes */
    StorageBatch(SlabAllocator slabs) {
        this.slabs = slabs;
    }

    @Override
    public void put(byte[] key, byte[] value) {
        requireUserKey(key);
        records.put(key, value);
    }

    @Override
    public void delete(byte[] key) {
        requireUserKey(key);
        records.delete(key);
    }

    @Override
    public void writeChunk(ChunkId chunk, int offset, ByteBuffer bytes) {
        requireRange(offset, bytes.remaining());
        if (bytes.hasRemaining()) {
            changesOf(chunk).add(new Write(offset, bytes.duplicate(), slabs.take(bytes.remaining())));
        }
    }

    @Override
    public void zeroChunk(ChunkId chunk, int offset, int length) {
        requireRange(offset, length);
        if (length > 0) {
            changesOf(chunk).add(new Zero(offset, offset + length));
        }
    }

    @Override
    public void deleteChunk(ChunkId chunk) {
        List<ChunkChange> changes = changesOf(chunk);
        changes.clear();
        changes.add(new Delete());
    }

    @Override
    public void onApply(Runnable action) {
        actions.add(Objects.requireNonNull(action));
    }

    /** Copies the caller's bytes. Called once, before the gate and any lock. */
    void copyBytes() {
        if (applied) {
            throw new IllegalStateException("a batch is applied once");
        }
        applied = true;
        for (List<ChunkChange> changes : chunks.values()) {
            for (ChunkChange change : changes) {
                if (change instanceof Write write) {
                    SlabAllocator.Range copy = write.copy;
                    write.source.get(write.source.position(), copy.bytes(), copy.offset(), copy.length());
                }
            }
        }
    }

    RecordBatch records() {
        return records;
    }

    Map<ChunkId, List<ChunkChange>> chunks() {
        return chunks;
    }

    List<Runnable> actions() {
        return actions;
    }

    private List<ChunkChange> changesOf(ChunkId chunk) {
        return chunks.computeIfAbsent(chunk, ignored -> new ArrayList<>(1));
    }

    private static void requireUserKey(byte[] key) {
        if (key.length == 0 || key[0] < 0) {
            throw new IllegalArgumentException(
                    "a key begins with a kind below 0x" + Integer.toHexString(IndexKeys.CHUNK & 0xFF));
        }
    }

    private static void requireRange(int offset, int length) {
        Objects.checkFromIndexSize(offset, length, Volume.CHUNK_BYTES);
    }
}
