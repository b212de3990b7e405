// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.RangeRead;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NeverWaits;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** A volume that refuses, or would wait, when a test says so. */
final class FaultyVolume implements Volume {
    private final Volume inner;
    private volatile VolumeException.Kind failure;
    private volatile boolean waiting;
    private final AtomicInteger reservations = new AtomicInteger();
    private final AtomicReference<Runnable> afterApply = new AtomicReference<>(() -> {});

    FaultyVolume(Volume inner) {
        this.inner = inner;
    }

    /** Lets every call fail in this way; null: no more. */
    void failWith(VolumeException.Kind kind) {
        failure = kind;
    }

    /** Lets every reservation and every fetch wait. */
    void setWaiting(boolean waits) {
        waiting = waits;
    }

    /** Runs something once the next batch is applied, before the operation that applied it goes on. */
    void afterNextApply(Runnable action) {
        afterApply.set(action);
    }

    int openReservations() {
        return reservations.get();
    }

    private void fail() throws VolumeException {
        if (failure != null) {
            throw new VolumeException(failure, "as the test said");
        }
    }

    private void waitForStore() {
        if (waiting) {
            NeverWaits.check();
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
        return inner.get(key);
    }

    @Override
    public Cursor scan(KeyRange range) throws VolumeException {
        fail();
        return inner.scan(range);
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
            read.into(destination);
        };
    }

    @Override
    public long[] presentChunks(ChunkRange range, int max, boolean descending) throws VolumeException {
        fail();
        return inner.presentChunks(range, max, descending);
    }

    @Override
    public CompletableFuture<Void> barrier() {
        try {
            fail();
        } catch (VolumeException e) {
            return CompletableFuture.failedFuture(e);
        }
        return inner.barrier();
    }

    @Override
    public void atCut(Consumer<Batch> contributor) {
        inner.atCut(contributor);
    }

    @Override
    public void close() throws VolumeException {
        inner.close();
    }
}
