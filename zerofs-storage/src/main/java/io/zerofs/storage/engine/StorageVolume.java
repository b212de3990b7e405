// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.RangeRead;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.pipeline.CommitPipeline;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.StopSwitch;
import io.zerofs.storage.engine.upkeep.CheckpointHook;
import io.zerofs.storage.engine.upkeep.GcHook;
import io.zerofs.storage.engine.upkeep.GcSource;
import io.zerofs.storage.engine.write.StorageBatch;
import io.zerofs.storage.engine.write.WritePath;
import io.zerofs.storage.index.RecordBatch;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.snapshot.Snapshots;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A volume on an object store, as its only writer. Metadata is in the index, data in commits. Changes that are not yet
 * durable are in memory. Thread-safe.
 */
public final class StorageVolume implements Volume, GcSource {
    private static final Logger log = LoggerFactory.getLogger(StorageVolume.class);

    private final RecoveredVolume recovered;
    private final EngineSettings settings;
    private final CheckpointHook keeper;
    private final RocksIndex index;
    private final EngineParts parts;
    private final StopSwitch stop;
    private final WritePath writes;
    private final CommitPipeline pipeline;
    private final LongAdder requests = new LongAdder();
    private final LongAdder changes = new LongAdder();
    private volatile GcHook space = GcHook.NONE;
    private volatile Snapshots snapshots;
    private final AtomicBoolean closing = new AtomicBoolean();

    /**
     * Starts to serve; the keeper is started with it.
     *
     * @param recovered what to go on from; its index and what it releases are owned by the volume from now on, its store
     *     is not
     * @param compression of what is written from now on
     */
    public StorageVolume(
            RecoveredVolume recovered,
            Compression compression,
            EngineSettings settings,
            EngineRuntime runtime,
            CheckpointHook keeper) {
        this.recovered = recovered;
        this.settings = settings;
        this.keeper = keeper;
        this.index = recovered.index();
        this.parts = EngineParts.wire(recovered, compression, settings, runtime, keeper);
        this.stop = parts.stop();
        this.writes = parts.writes();
        this.pipeline = parts.pipeline();
        keeper.start(this);
    }

    /** Calls the listener once with the reason for a stop: FENCED, CLOSED after {@link #close} or after an internal error. */
    public void onStop(Consumer<VolumeException> listener) {
        stop.onStop(listener);
    }

    /** Has a keeper told of each commit from now on, and closed with the volume. Called once, before the first batch. */
    public void setGcHook(GcHook keeper) {
        space = keeper;
        parts.completion().setGcHook(keeper);
    }

    /** Lends the snapshots of the volume to its users. Called once, before the first batch. */
    public void setSnapshots(Snapshots ofThis) {
        snapshots = ofThis;
    }

    /** Returns the keys, which live as long as the volume. */
    public ObjectKeys keys() {
        return recovered.keys();
    }

    public Snapshots snapshots() {
        return snapshots;
    }

    /** Returns the bytes that the deletion of each snapshot would free, by name; without those not yet counted. */
    public Map<String, Long> pinnedBytes() {
        return space.pinnedBytes();
    }

    public EngineStatistics statistics() {
        return new EngineStatistics(
                pipeline.lastApplied().seq(),
                parts.budget().used(),
                pipeline.backlog(),
                parts.sources().pages().hits(),
                parts.sources().pages().misses(),
                parts.sources().pages().ahead(),
                parts.sources().pages().unread(),
                parts.compactor().compactions(),
                parts.upload().failures(),
                parts.sources().damage().failures(),
                parts.disk().statistics(),
                keeper.statistics(),
                space.statistics());
    }

    @Override
    public UUID id() {
        return recovered.keys().volume();
    }

    @Override
    public long epoch() {
        return recovered.epoch();
    }

    @Override
    public byte[] get(byte[] key) throws VolumeException {
        stop.check();
        return index.get(key);
    }

    @Override
    public Cursor scan(KeyRange range) throws VolumeException {
        stop.check();
        return index.scan(range, false);
    }

    @Override
    public Batch newBatch() {
        return writes.newBatch();
    }

    @Override
    public Reservation reserve(ChunkRange chunks, int bytes) throws VolumeException {
        return parts.admission().admit(chunks, bytes);
    }

    @Override
    public void apply(Batch batch) throws VolumeException {
        if (!(batch instanceof StorageBatch own)) {
            throw new IllegalArgumentException("the batch is of another volume");
        }
        requests.increment();
        try {
            pipeline.changed(writes.apply(own));
            changes.increment();
        } catch (VolumeException e) {
            if (e.kind() == VolumeException.Kind.NO_SPACE) {
                parts.admission().indexRefused();
            }
            throw e;
        }
        parts.compactor().kick();
    }

    @Override
    public RangeRead prepareRead(long inode, long offset, int length) throws VolumeException {
        requests.increment();
        return parts.reads().prepare(inode, offset, length);
    }

    @Override
    public long[] presentChunks(ChunkRange range, int max, boolean descending) throws VolumeException {
        stop.check();
        return new PresentChunks(index).list(range, max, descending);
    }

    @Override
    public List<ChunkId> chunksFrom(ChunkId first, int max) throws VolumeException {
        stop.check();
        return new PresentChunks(index).from(first, max);
    }

    @Override
    public CompletableFuture<Void> barrier() {
        return pipeline.barrier().thenApply(seq -> null);
    }

    @Override
    public void onCommitCut(Consumer<Batch> contributor) {
        writes.onCommitCut(contributor);
    }

    @Override
    public AppliedCommit lastApplied() {
        return pipeline.lastApplied();
    }

    @Override
    public void checkpoint(Path target) throws VolumeException {
        stop.check();
        index.checkpoint(target);
    }

    @Override
    public CompletableFuture<Long> cut() {
        return pipeline.barrier();
    }

    @Override
    public Move prepareMove(ChunkId chunk, LongPredicate victims) throws VolumeException {
        return parts.relocator().prepare(chunk, victims);
    }

    @Override
    public boolean move(Move move) throws VolumeException {
        return parts.relocator().move(move);
    }

    @Override
    public CompletableFuture<Long> forget(List<byte[]> keys) throws VolumeException {
        RecordBatch records = new RecordBatch();
        keys.forEach(records::delete);
        try (Reservation room = parts.admission().admit(null, Math.min(records.size(), RESERVATION_BYTES_MAX))) {
            pipeline.changed(writes.applyRecords(records));
        }
        return pipeline.barrier();
    }

    @Override
    public boolean awaitsBarrier() {
        return pipeline.awaitsBarrier();
    }

    @Override
    public long requests() {
        return requests.sum();
    }

    /** Returns the number of batches that clients have applied since the volume was opened. */
    public long changes() {
        return changes.sum();
    }

    @Override
    public void stop(VolumeException reason) {
        stop.stop(reason);
    }

    /** Waits for a last barrier like any barrier, while bytes move, and then closes with any result of it. */
    @Override
    public void close() throws VolumeException {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        space.close();
        writes.refuseBatches();
        VolumeException failure = null;
        if (!stop.isStopped()) {
            failure = awaitLastBarrier();
            if (failure == null) {
                keeper.finish();
            }
        }
        stop.stop(new VolumeException(VolumeException.Kind.CLOSED, "the volume is closed"));
        index.close();
        parts.disk().close();
        release();
        if (failure != null) {
            throw failure;
        }
    }

    private void release() {
        try {
            recovered.release().close();
        } catch (Exception e) {
            log.error("a resource of the volume could not be released", e);
        }
    }

    private VolumeException awaitLastBarrier() {
        CompletableFuture<Long> last = pipeline.barrier();
        long limitMillis = 2 * settings.commits().barrierDeadline().toMillis() + 1000;
        try {
            long progress;
            do {
                progress = pipeline.progressNanos();
                try {
                    // The pipeline fails it when nothing moves. This time-out only catches a dead timer.
                    Machine.current().await(last, TimeUnit.MILLISECONDS.toNanos(limitMillis));
                    return null;
                } catch (TimeoutException e) {
                    log.debug("the last changes are still in flight");
                }
            } while (progress != pipeline.progressNanos());
            return lastBarrierFailure(null);
        } catch (ExecutionException e) {
            return e.getCause() instanceof VolumeException known ? known : lastBarrierFailure(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return lastBarrierFailure(e);
        }
    }

    private static VolumeException lastBarrierFailure(Throwable cause) {
        log.error("the volume was closed before its last changes were durable");
        return new VolumeException(
                VolumeException.Kind.UNAVAILABLE, "closed before the last changes were durable", cause);
    }
}
