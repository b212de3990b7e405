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
 * A volume whose changes go to its writer, and whose reads go to the newest view of a {@link VolumeReader}. It opens a view
 * at the first read after a change.
 */
final class ReadingVolume implements Volume {
    /** Number of views that stay open for cursors and prepared reads of the test. */
    private static final int VIEWS_MAX = 3;

    private final Volume writer;
    private final VolumeReader reader;
    private final Deque<VolumeReader.View> views = new ArrayDeque<>();
    private boolean changed = true;
    private boolean closed;

    ReadingVolume(Volume writer, VolumeReader reader) {
        this.writer = writer;
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
                views.addLast(reader.openNewest());
            } catch (OpenException e) {
                throw new VolumeException(VolumeException.Kind.UNAVAILABLE, e.getMessage(), e);
            }
            if (views.size() > VIEWS_MAX) {
                views.removeFirst().close();
            }
        }
        return views.getLast().volume();
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
            for (VolumeReader.View view : views) {
                view.close();
            }
        }
        writer.close();
    }
}
