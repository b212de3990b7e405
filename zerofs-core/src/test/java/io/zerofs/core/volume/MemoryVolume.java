// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.pcollections.TreePMap;

/**
 * The reference implementation of the port: everything is in memory and a barrier is immediate. For tests and for
 * trying out; it has no bound but the heap.
 *
 * <p>The state is an immutable value that each batch replaces, so a cursor or a prepared read keeps its first one. A
 * reference remembers the state that the last barrier made durable.
 */
public final class MemoryVolume implements Volume {
    private static final Consumer<Batch> NOTHING = batch -> {};
    private static final Reservation UNLIMITED = () -> {};

    private final UUID id;
    private final long epoch;
    private final Object writing = new Object();
    private volatile MemoryState state;
    private volatile VolumeException.Kind finished;
    private MemoryState durable;
    private Consumer<Batch> contributor = NOTHING;
    private boolean inUse;

    /** A new, empty volume in its first epoch. */
    public MemoryVolume() {
        this(UUID.randomUUID(), 1, MemoryState.empty());
    }

    private MemoryVolume(UUID id, long epoch, MemoryState durable) {
        this.id = id;
        this.epoch = epoch;
        this.durable = durable;
        this.state = durable;
    }

    /**
     * Opens the volume again in the next epoch, with the state that the last barrier (or {@link #close}) made durable.
     * This one is fenced; if it was not closed before, that is what a crash does.
     */
    public MemoryVolume reopen() {
        synchronized (writing) {
            if (finished == null) {
                finished = VolumeException.Kind.FENCED;
            }
            return afterCrash();
        }
    }

    /** Returns another volume, with the state that a crash would leave now. This one stays as it is. */
    public MemoryVolume afterCrash() {
        synchronized (writing) {
            return new MemoryVolume(id, epoch + 1, durable);
        }
    }

    @Override
    public UUID id() {
        return id;
    }

    @Override
    public long epoch() {
        return epoch;
    }

    @Override
    public byte[] get(byte[] key) throws VolumeException {
        return current().keys().get(key);
    }

    @Override
    public Cursor scan(KeyRange range) throws VolumeException {
        NavigableMap<byte[], byte[]> keys = current().keys().tailMap(range.from(), true);
        return new MemoryCursor(keys.entrySet().iterator(), range.to());
    }

    @Override
    public Batch newBatch() {
        return new MemoryBatch();
    }

    @Override
    public Reservation reserve(ChunkRange chunks, int bytes) throws VolumeException {
        Objects.checkIndex(bytes, RESERVATION_BYTES_MAX + 1);
        current();
        return UNLIMITED;
    }

    @Override
    public void apply(Batch batch) throws VolumeException {
        synchronized (writing) {
            MemoryBatch changes = (MemoryBatch) batch;
            state = changes.after(current());
            inUse = true;
            changes.runActions();
        }
    }

    @Override
    public RangeRead prepareRead(long inode, long offset, int length) throws VolumeException {
        TreePMap<ChunkId, MemoryChunk> chunks = current().chunks();
        return destination -> {
            long position = offset;
            int left = length;
            while (left > 0) {
                int inChunk = (int) (position & (CHUNK_BYTES - 1));
                int count = Math.min(CHUNK_BYTES - inChunk, left);
                MemoryChunk chunk = chunks.get(new ChunkId(inode, Long.divideUnsigned(position, CHUNK_BYTES)));
                (chunk == null ? MemoryChunk.EMPTY : chunk).copyTo(destination, inChunk, count);
                position += count;
                left -= count;
            }
        };
    }

    @Override
    public long[] presentChunks(ChunkRange range, int max, boolean descending) throws VolumeException {
        ChunkId first = new ChunkId(range.inode(), range.first());
        ChunkId end = new ChunkId(range.inode(), range.end());
        NavigableMap<ChunkId, MemoryChunk> chunks = current().chunks().subMap(first, end);
        return (descending ? chunks.descendingKeySet() : chunks.navigableKeySet())
                .stream().limit(max).mapToLong(ChunkId::index).toArray();
    }

    @Override
    public List<ChunkId> chunksFrom(ChunkId first, int max) throws VolumeException {
        return current().chunks().tailMap(first, true).keySet().stream()
                .limit(max)
                .toList();
    }

    @Override
    public CompletableFuture<Void> barrier() {
        try {
            synchronized (writing) {
                cut();
            }
            return CompletableFuture.completedFuture(null);
        } catch (VolumeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public void onCommitCut(Consumer<Batch> absoluteValues) {
        synchronized (writing) {
            if (contributor != NOTHING || inUse) {
                throw new IllegalStateException("at most one, before the first batch");
            }
            contributor = absoluteValues;
        }
    }

    @Override
    public void close() throws VolumeException {
        synchronized (writing) {
            if (finished == null) {
                cut();
                finished = VolumeException.Kind.CLOSED;
            }
        }
    }

    private void cut() throws VolumeException {
        MemoryBatch last = new MemoryBatch();
        contributor.accept(last);
        state = last.after(current());
        durable = state;
    }

    private MemoryState current() throws VolumeException {
        VolumeException.Kind kind = finished;
        if (kind != null) {
            throw new VolumeException(kind, "the volume is closed or was opened again");
        }
        return state;
    }

    /** A walk over one state. */
    private static final class MemoryCursor implements Cursor {
        private final Iterator<Map.Entry<byte[], byte[]>> entries;
        private final byte[] end;
        private Map.Entry<byte[], byte[]> entry;

        MemoryCursor(Iterator<Map.Entry<byte[], byte[]>> entries, byte[] end) {
            this.entries = entries;
            this.end = end;
        }

        @Override
        public boolean next() {
            entry = entries.hasNext() ? entries.next() : null;
            return entry != null && Arrays.compareUnsigned(entry.getKey(), end) < 0;
        }

        @Override
        public byte[] key() {
            return entry.getKey();
        }

        @Override
        public byte[] value() {
            return entry.getValue();
        }

        @Override
        public void close() {}
    }
}
