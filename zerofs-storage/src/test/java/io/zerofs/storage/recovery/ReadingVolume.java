// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.core.volume.Barriers;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.RangeRead;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A volume whose changes go to its writer, and whose reads go to the newest view of a {@link VolumeReader}, or of a
 * {@link VolumeFollower}. It opens a view at the first read after a change.
 */
final class ReadingVolume implements Volume {
    private final Volume writer;
    private final Views reader;
    private final int viewsMax;
    private final Deque<Volume> views = new ArrayDeque<>();
    private boolean changed = true;
    private boolean closed;

    /** Opens views. */
    interface Views {
        /** Returns the state after the last barrier, which the caller closes. */
        Volume newest() throws OpenException, VolumeException;
    }

    /** @param viewsMax views that stay open for cursors, prepared reads and other threads of the test */
    ReadingVolume(Volume writer, Views reader, int viewsMax) {
        this.writer = writer;
        this.viewsMax = viewsMax;
        this.reader = reader;
    }

    private synchronized Volume view() throws VolumeException {
        if (closed) {
            return writer;
        }
        if (changed) {
            NonBlockingThread.check();
            changed = false;
            Barriers.await(writer.barrier());
            try {
                views.addLast(reader.newest());
            } catch (OpenException e) {
                throw new VolumeException(VolumeException.Kind.UNAVAILABLE, e.getMessage(), e);
            }
            if (views.size() > viewsMax) {
                views.removeFirst().close();
            }
        }
        return views.getLast();
    }

    @Override
    public UUID id() {
        return writer.id();
    }

    @Override
    public long epoch() {
        return writer.epoch();
    }

    @Override
    public byte[] get(byte[] key) throws VolumeException {
        return view().get(key);
    }

    @Override
    public Cursor scan(KeyRange range) throws VolumeException {
        return view().scan(range);
    }

    @Override
    public Batch newBatch() {
        return writer.newBatch();
    }

    @Override
    public Reservation reserve(ChunkRange chunks, int bytes) throws VolumeException {
        return writer.reserve(chunks, bytes);
    }

    @Override
    public void apply(Batch batch) throws VolumeException {
        writer.apply(batch);
        synchronized (this) {
            changed = true;
        }
    }

    @Override
    public RangeRead prepareRead(long inode, long offset, int length) throws VolumeException {
        return view().prepareRead(inode, offset, length);
    }

    @Override
    public long[] presentChunks(ChunkRange range, int max, boolean descending) throws VolumeException {
        return view().presentChunks(range, max, descending);
    }

    @Override
    public List<ChunkId> chunksFrom(ChunkId first, int max) throws VolumeException {
        return view().chunksFrom(first, max);
    }

    @Override
    public CompletableFuture<Void> barrier() {
        return writer.barrier();
    }

    @Override
    public void onCommitCut(Consumer<Batch> contributor) {
        writer.onCommitCut(contributor);
    }

    @Override
    public synchronized void close() throws VolumeException {
        if (!closed) {
            closed = true;
            for (Volume view : views) {
                view.close();
            }
        }
        writer.close();
    }
}
