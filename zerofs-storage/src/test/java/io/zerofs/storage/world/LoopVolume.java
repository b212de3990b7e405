// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.RangeRead;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.WouldBlockException;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A volume that knows what a request on an event loop has changed, and what it keeps after its end. */
final class LoopVolume implements Volume {
    private static final class Use {
        int batches;
        int kept;

        private void keep(int more) {
            kept += more;
        }
    }

    private final Volume inner;
    private final ThreadLocal<Use> uses = new ThreadLocal<>();

    LoopVolume(Volume inner) {
        this.inner = inner;
    }

    /** Runs a request on a loop. If it must run again elsewhere, it has changed nothing. */
    <T> T onLoop(Supplier<T> request) {
        Use use = new Use();
        uses.set(use);
        try {
            return request.get();
        } catch (WouldBlockException e) {
            assertEquals(0, use.batches, "batches of a request that runs again");
            throw e;
        } finally {
            uses.remove();
            assertEquals(0, use.kept, "reservations and cursors that a request keeps");
        }
    }

    private Use use() {
        Use use = uses.get();
        return use == null ? new Use() : use;
    }

    @Override
    public void apply(Batch batch) throws VolumeException {
        inner.apply(batch);
        use().batches++;
    }

    @Override
    public Reservation reserve(ChunkRange chunks, int bytes) throws VolumeException {
        Reservation reservation = inner.reserve(chunks, bytes);
        Use use = use();
        use.keep(1);
        return new Reservation() {
            private boolean closed;

            @Override
            public void close() {
                reservation.close();
                use.keep(closed ? 0 : -1);
                closed = true;
            }
        };
    }

    @Override
    public Cursor scan(KeyRange range) throws VolumeException {
        Cursor cursor = inner.scan(range);
        Use use = use();
        use.keep(1);
        return new Cursor() {
            private boolean closed;

            @Override
            public boolean next() throws VolumeException {
                return cursor.next();
            }

            @Override
            public byte[] key() {
                return cursor.key();
            }

            @Override
            public byte[] value() {
                return cursor.value();
            }

            @Override
            public void close() {
                cursor.close();
                use.keep(closed ? 0 : -1);
                closed = true;
            }
        };
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
        return inner.get(key);
    }

    @Override
    public Batch newBatch() {
        return inner.newBatch();
    }

    @Override
    public RangeRead prepareRead(long inode, long offset, int length) throws VolumeException {
        return inner.prepareRead(inode, offset, length);
    }

    @Override
    public long[] presentChunks(ChunkRange range, int max, boolean descending) throws VolumeException {
        return inner.presentChunks(range, max, descending);
    }

    @Override
    public List<ChunkId> chunksFrom(ChunkId first, int max) throws VolumeException {
        return inner.chunksFrom(first, max);
    }

    @Override
    public CompletableFuture<Void> barrier() {
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
