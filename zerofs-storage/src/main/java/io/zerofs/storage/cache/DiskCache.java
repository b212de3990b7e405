// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.storage.object.MonotonicClock;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Blocks of objects on the local disk, encrypted as they are in the store. The salt of its object and a number name a
 * block. So a read never gets a block of another object with the same name.
 *
 * <p>Nothing depends on the cache. A damaged block is a miss. A disk that is full or cannot be written disables the cache
 * and nothing else. A {@link CacheWriter} fills it. Thread-safe.
 */
public final class DiskCache implements AutoCloseable {
    /** Bytes of a block. A frame page of at most 32 KiB is in one or two blocks. Fetching a block costs little more. */
    public static final int CACHE_BLOCK_BYTES = 128 * 1024;

    private static final Logger log = LoggerFactory.getLogger(DiskCache.class);

    /** Counts since the cache was opened. */
    public record Statistics(
            long hits, long misses, long damaged, long dropped, long failures, long blocks, long bytes) {}

    private final DiskCacheSettings settings;
    private final CacheDirectory directory;
    private final BlockIndex index = new BlockIndex();
    private final CacheWriter writer;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder damaged = new LongAdder();
    private final LongAdder readFailures = new LongAdder();

    private DiskCache(DiskCacheSettings settings, MonotonicClock clock) {
        this.settings = settings;
        this.directory = new CacheDirectory(settings);
        this.writer = new CacheWriter(settings, clock, directory, index);
    }

    /** Returns a cache that keeps nothing. */
    public static DiskCache off() {
        return open(new DiskCacheSettings(Path.of(""), 0, 0), MonotonicClock.system());
    }

    /** Opens a cache and returns at once. The writer finds an earlier process's blocks gradually. Never fails. */
    public static DiskCache open(DiskCacheSettings settings, MonotonicClock clock) {
        DiskCache cache = new DiskCache(settings, clock);
        if (cache.isOn()) {
            cache.writer.start();
        }
        return cache;
    }

    /** Returns the whole block as it was offered; null if it is not cached. The caller owns the buffer. */
    public ByteBuffer get(Salt object, int block) {
        long hash = BlockIndex.hashOf(object, block);
        long place = index.use(hash);
        ByteBuffer bytes = null;
        if (place != BlockIndex.NOWHERE) {
            CacheSegment segment = directory.segmentAt(place);
            try {
                bytes = segment == null
                        ? null
                        : segment.read(object, block, CacheSegment.offset(place), CACHE_BLOCK_BYTES);
                if (bytes == null) {
                    index.remove(hash, place);
                }
                if (bytes == null && segment != null) {
                    damaged.increment();
                }
            } catch (IOException e) {
                readFailures.increment();
            }
        }
        if (bytes == null) {
            bytes = writer.waiting(object, block);
        }
        if (bytes == null && place == BlockIndex.NOWHERE && index.place(hash) != BlockIndex.NOWHERE) {
            // It came to the disk in between.
            return get(object, block);
        }
        (bytes == null ? misses : hits).increment();
        return bytes;
    }

    /**
     * Returns a range of an object if all of it is cached, else null. Reads no other bytes and does not check these: the caller
     * opens sealed pages, which finds any damage, and then calls {@link #forget}.
     */
    ByteBuffer range(Salt object, long from, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            long at = from + bytes.position();
            int inBlock = (int) (at % CACHE_BLOCK_BYTES);
            bytes.limit(Math.min(length, bytes.position() + CACHE_BLOCK_BYTES - inBlock));
            if (!fill(object, (int) (at / CACHE_BLOCK_BYTES), inBlock, bytes)) {
                return null;
            }
            bytes.limit(length);
        }
        hits.increment();
        return bytes.flip();
    }

    private boolean fill(Salt object, int block, int inBlock, ByteBuffer into) {
        long place = index.use(BlockIndex.hashOf(object, block));
        CacheSegment segment = place == BlockIndex.NOWHERE ? null : directory.segmentAt(place);
        try {
            if (segment != null && segment.readUnchecked(CacheSegment.offset(place), inBlock, into)) {
                return true;
            }
        } catch (IOException e) {
            readFailures.increment();
        }
        return false;
    }

    /** Returns whether the block is on the disk or waits for it. Does not mark it as used. */
    boolean has(Salt object, int block) {
        long hash = BlockIndex.hashOf(object, block);
        // Looks twice, because the block may come to the disk in between.
        return directory.has(index.place(hash))
                || writer.waiting(object, block) != null
                || directory.has(index.place(hash));
    }

    /** Returns whether the cache keeps blocks at all. */
    public boolean isOn() {
        return settings.bytesMax() != 0;
    }

    /**
     * Keeps consecutive blocks if there is room and time for them.
     *
     * @param pieces immutable bytes from the start of the first block on, up to the end of a block
     *     or of the object
     */
    public void offer(Salt object, int firstBlock, List<ByteBuffer> pieces) {
        writer.offer(new PendingBlocks(
                object, firstBlock, pieces.stream().map(ByteBuffer::duplicate).toList()));
    }

    /** Drops a block whose bytes are wrong although the cache returned them as they were offered. */
    public void forget(Salt object, int block) {
        long hash = BlockIndex.hashOf(object, block);
        long place = index.place(hash);
        if (place != BlockIndex.NOWHERE) {
            damaged.increment();
            index.remove(hash, place);
        }
    }

    public Statistics statistics() {
        return new Statistics(
                hits.sum(),
                misses.sum(),
                damaged.sum(),
                writer.dropped(),
                writer.failures() + readFailures.sum(),
                index.size(),
                directory.bytes());
    }

    /** Waits until all offered blocks are written or dropped, for tests and orderly stops. */
    public void drain() throws InterruptedException {
        writer.drain();
    }

    /** Drops blocks that still wait, and closes. */
    @Override
    public void close() {
        writer.close();
        try {
            directory.close();
        } catch (IOException e) {
            log.debug("the disk cache did not close in order", e);
        }
    }
}
