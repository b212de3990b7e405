// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import java.util.concurrent.locks.StampedLock;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;

/** A cursor over a key range in either direction. Confined to one thread, except that closing the index closes it. */
final class IndexCursor implements Cursor {
    private final RocksIndex index;
    private final StampedLock lifetime = new StampedLock();
    private final NativeResources handles = new NativeResources();
    private final RocksIterator iterator;
    private final boolean descending;
    private boolean started;
    private boolean closed;
    /** RocksDB does not define the next step of an iterator that failed. */
    private VolumeException failure;

    IndexCursor(RocksIndex index, RocksDB database, KeyRange range, boolean descending) {
        this.index = index;
        this.descending = descending;
        ReadOptions options = handles.own(index.newReads());
        if (Thread.currentThread() instanceof NonBlockingThread) {
            RocksIndex.memoryOnly(options);
        }
        options.setIterateLowerBound(handles.own(new Slice(range.from())));
        options.setIterateUpperBound(handles.own(new Slice(range.to())));
        this.iterator = handles.own(database.newIterator(options));
    }

    @Override
    public boolean next() throws VolumeException {
        long stamp = lifetime.readLock();
        try {
            if (closed) {
                throw RocksIndex.closedException();
            }
            if (failure != null) {
                throw failure;
            }
            if (!started) {
                started = true;
                if (descending) {
                    iterator.seekToLast();
                } else {
                    iterator.seekToFirst();
                }
            } else if (descending) {
                iterator.prev();
            } else {
                iterator.next();
            }
            if (iterator.isValid()) {
                return true;
            }
            iterator.status();
            return false;
        } catch (RocksDBException e) {
            failure = RocksIndex.readFailure(e);
            throw failure;
        } finally {
            lifetime.unlockRead(stamp);
        }
    }

    @Override
    public byte[] key() {
        return field(true);
    }

    @Override
    public byte[] value() {
        return field(false);
    }

    private byte[] field(boolean key) {
        long stamp = lifetime.readLock();
        try {
            if (closed) {
                throw new IllegalStateException("the cursor is closed");
            }
            return key ? iterator.key() : iterator.value();
        } finally {
            lifetime.unlockRead(stamp);
        }
    }

    @Override
    public void close() {
        long stamp = lifetime.writeLock();
        try {
            if (!closed) {
                closed = true;
                handles.close();
                index.forget(this);
            }
        } finally {
            lifetime.unlockWrite(stamp);
        }
    }
}
