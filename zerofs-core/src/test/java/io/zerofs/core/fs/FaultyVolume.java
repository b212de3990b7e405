// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.core.volume.RangeRead;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** A volume that refuses a call, or would wait, when a test asks for it. */
final class FaultyVolume implements Volume {
    private final MemoryVolume inner;
    private volatile VolumeException.Kind failure;
    private volatile VolumeException.Kind barrierFailure;
    private volatile KeyRange damaged;
    private volatile boolean waiting;
    private volatile boolean dataLost;
    private final AtomicInteger reservations = new AtomicInteger();
    private final AtomicReference<Runnable> afterApply = new AtomicReference<>(() -> {});

    private final AtomicReference<BeforeGet> beforeGet = new AtomicReference<>();

    private record BeforeGet(byte[] key, Runnable action) {}

    FaultyVolume(MemoryVolume inner) {
        this.inner = inner;
    }

    MemoryVolume inner() {
        return inner;
    }

    /** Lets every call fail in this way; null: no more. */
    void failWith(VolumeException.Kind kind) {
        failure = kind;
    }

    /** Lets every barrier fail in this way, but nothing else; null: no more. */
    void failBarriersWith(VolumeException.Kind kind) {
        barrierFailure = kind;
    }

    /** Lets scans of this range fail once they are under way. */
    void damage(KeyRange range) {
        damaged = range;
    }

    /** Lets every fetch of data fail as if its object were gone. */
    void loseData() {
        dataLost = true;
    }

    /** Lets every reservation and every fetch wait. */
    void setWaiting(boolean waits) {
        waiting = waits;
    }

    /** Runs the task once the next batch is applied, before its operation continues. */
    void afterNextApply(Runnable action) {
        afterApply.set(action);
    }

    /** Runs something once, before the next read of this record. */
    void beforeNextGet(byte[] key, Runnable action) {
        beforeGet.set(new BeforeGet(key, action));
    }

    int openReservations() {
        return reservations.get();
    }

    private void fail() throws VolumeException {
        refuse(failure);
    }

    private static void refuse(VolumeException.Kind kind) throws VolumeException {
        if (kind != null) {
            throw new VolumeException(kind, "as the test said");
        }
    }

    private void waitForStore() {
        if (waiting) {
            NonBlockingThread.check();
        }
    }

    private record DamagedCursor(Cursor inner) implements Cursor {
        @Override
        public boolean next() throws VolumeException {
            throw new VolumeException(VolumeException.Kind.CORRUPT, "as the test said");
        }

        @Override
        public byte[] key() {
            return inner.key();
        }

        @Override
        public byte[] value() {
            return inner.value();
        }

        @Override
        public void close() {
            inner.close();
        }
    }

    @Override
    public UUID id() {
        return inner.id();
    }

    @Override
    public long epoch() {
        return inner.epoch();
    }

    @Override
    public byte[] get(byte[] key) throws VolumeException {
        fail();
        BeforeGet before = beforeGet.get();
        if (before != null && Arrays.equals(before.key, key) && beforeGet.compareAndSet(before, null)) {
            before.action.run();
        }
        return inner.get(key);
    }

    @Override
    public Cursor scan(KeyRange range) throws VolumeException {
        fail();
        Cursor cursor = inner.scan(range);
        return damaged != null && Arrays.equals(damaged.from(), range.from()) ? new DamagedCursor(cursor) : cursor;
    }

    @Override
    public Batch newBatch() {
        return inner.newBatch();
    }

    @Override
    public Reservation reserve(ChunkRange chunks, int bytes) throws VolumeException {
        waitForStore();
        Reservation reservation = inner.reserve(chunks, bytes);
        reservations.incrementAndGet();
        return () -> {
            reservation.close();
            reservations.decrementAndGet();
        };
    }

    @Override
    public void apply(Batch batch) throws VolumeException {
        fail();
        inner.apply(batch);
        afterApply.getAndSet(() -> {}).run();
    }

    @Override
    public RangeRead prepareRead(long inode, long offset, int length) throws VolumeException {
        fail();
        RangeRead read = inner.prepareRead(inode, offset, length);
        return destination -> {
            waitForStore();
            fail();
            refuse(dataLost ? VolumeException.Kind.CORRUPT : null);
            read.into(destination);
        };
    }

    @Override
    public long[] presentChunks(ChunkRange range, int max, boolean descending) throws VolumeException {
        fail();
        return inner.presentChunks(range, max, descending);
    }

    @Override
    public List<ChunkId> chunksFrom(ChunkId first, int max) throws VolumeException {
        fail();
        return inner.chunksFrom(first, max);
    }

    @Override
    public CompletableFuture<Void> barrier() {
        try {
            fail();
            refuse(barrierFailure);
        } catch (VolumeException e) {
            return CompletableFuture.failedFuture(e);
        }
        return inner.barrier();
    }

    @Override
    public void onCommitCut(Consumer<Batch> contributor) {
        inner.onCommitCut(contributor);
    }

    @Override
    public void close() throws VolumeException {
        inner.close();
    }
}
