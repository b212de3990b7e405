// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.RangeRead;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.cache.DamageLog;
import io.zerofs.storage.cache.DiskCache;
import io.zerofs.storage.cache.ObjectRanges;
import io.zerofs.storage.cache.PageCache;
import io.zerofs.storage.cache.RangeFetcher;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.engine.memtable.ChunkStripes;
import io.zerofs.storage.engine.memtable.CommitTable;
import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.engine.read.FrameTables;
import io.zerofs.storage.engine.read.ReadPath;
import io.zerofs.storage.engine.read.ReadPlanner;
import io.zerofs.storage.engine.read.ReadSources;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.StopSwitch;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A fixed state of a volume: reads work, and each change fails with READ_ONLY. Everything in it is durable.
 * Its data may leave the store while a writer beside it collects garbage; then a read fails with CORRUPT. Thread-safe.
 */
public final class ReadOnlyVolume implements Volume {
    private static final int ENTRIES_MAX = 1024;
    private static final int REQUESTS_PER_READ_MAX = 8;

    private final RecoveredVolume recovered;
    private final PresentChunks chunks;
    private final ReadPath reads;
    private final StopSwitch stop = new StopSwitch();

    /**
     * @param recovered owned by the volume from now on, except for its store and keys
     * @param pages the cache, which other states of the same volume may share
     */
    public ReadOnlyVolume(RecoveredVolume recovered, EngineRuntime runtime, PageCache pages) {
        this.recovered = recovered;
        this.chunks = new PresentChunks(recovered.index());
        CommitTable empty = new CommitTable(new OpenCommit(recovered.lastSeq() + 1), 0);
        ReadPlanner planner = new ReadPlanner(new ChunkStripes(recovered.index(), ENTRIES_MAX), empty);
        CommitReader reader = new CommitReader(recovered.store(), recovered.keys());
        DamageLog damage = new DamageLog();
        FrameTables tables = new FrameTables(recovered.index());
        ObjectRanges ranges = new ObjectRanges(
                recovered.store(), DiskCache.off(), tables::object, runtime.requests(), runtime.nanoTime());
        ParallelSteps parallel = new ParallelSteps(runtime.requests(), REQUESTS_PER_READ_MAX);
        RangeFetcher fetcher = new RangeFetcher(ranges, reader, pages, parallel, damage);
        this.reads = new ReadPath(
                planner, tables, (inode, offset, length) -> {}, new ReadSources(pages, fetcher, reader, damage), stop);
    }

    @Override
    public UUID id() {
        return recovered.keys().volume();
    }

    /** Returns the epoch of the writer that published the state. */
    @Override
    public long epoch() {
        return recovered.epoch();
    }

    @Override
    public byte[] get(byte[] key) throws VolumeException {
        stop.check();
        return recovered.index().get(key);
    }

    @Override
    public Cursor scan(KeyRange range) throws VolumeException {
        stop.check();
        return recovered.index().scan(range, false);
    }

    /** Returns a batch that takes changes and cannot be applied. */
    @Override
    public Batch newBatch() {
        return UNUSED;
    }

    @Override
    public Reservation reserve(ChunkRange range, int bytes) throws VolumeException {
        throw refused();
    }

    @Override
    public void apply(Batch batch) throws VolumeException {
        throw refused();
    }

    private VolumeException refused() throws VolumeException {
        stop.check();
        return new VolumeException(VolumeException.Kind.READ_ONLY, "the volume is open for reading only");
    }

    @Override
    public RangeRead prepareRead(long inode, long offset, int length) throws VolumeException {
        return reads.prepare(inode, offset, length);
    }

    @Override
    public long[] presentChunks(ChunkRange range, int max, boolean descending) throws VolumeException {
        stop.check();
        return chunks.list(range, max, descending);
    }

    @Override
    public List<ChunkId> chunksFrom(ChunkId first, int max) throws VolumeException {
        stop.check();
        return chunks.from(first, max);
    }

    /** Completes at once, because everything here is durable. */
    @Override
    public CompletableFuture<Void> barrier() {
        try {
            stop.check();
            return CompletableFuture.completedFuture(null);
        } catch (VolumeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Never calls the contributor, because nothing is ever cut. */
    @Override
    public void onCommitCut(Consumer<Batch> contributor) {}

    @Override
    public void close() throws VolumeException {
        boolean first = !stop.isStopped();
        stop.stop(new VolumeException(VolumeException.Kind.CLOSED, "the volume is closed"));
        if (!first) {
            return;
        }
        recovered.index().close();
        try {
            recovered.release().close();
        } catch (Exception e) {
            throw new VolumeException(VolumeException.Kind.DISK, "cannot release the local directory: " + e, e);
        }
    }

    private static final Batch UNUSED = new Batch() {
        @Override
        public void put(byte[] key, byte[] value) {}

        @Override
        public void delete(byte[] key) {}

        @Override
        public void writeChunk(ChunkId chunk, int offset, ByteBuffer bytes) {}

        @Override
        public void zeroChunk(ChunkId chunk, int offset, int length) {}

        @Override
        public void deleteChunk(ChunkId chunk) {}

        @Override
        public void onApply(Runnable action) {}
    };
}
