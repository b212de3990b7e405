// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.storage.object.MonotonicClock;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Blocks of objects on the local disk, encrypted as they are in the store. The salt of its object and a number name a
 * block. So a read never gets a block of another object with the same name.
 *
 * <p>Nothing depends on the cache. A damaged block is a miss. A disk that is full or cannot be written disables the cache
 * and nothing else. If blocks arrive faster than the disk takes them, the cache drops them. One thread of its own writes;
 * first it reads an earlier process's blocks. When the cache needs room, it deletes the oldest segment, but writes
 * blocks that were used since then once more. Thread-safe.
 */
public final class DiskCache implements AutoCloseable {
    /** Bytes of a block. A frame page of at most 32 KiB is in one or two blocks. Fetching a block costs little more. */
    public static final int CACHE_BLOCK_BYTES = 128 * 1024;

    private static final Logger log = LoggerFactory.getLogger(DiskCache.class);

    /** Maximum bytes of blocks that wait for the disk. */
    private static final long WAITING_BYTES_MAX = 24 << 20;

    /** Time without writes after a failed write. */
    private static final Duration PAUSE = Duration.ofSeconds(30);

    /** Interval at which an idle cache checks whether the disk is full. */
    private static final long IDLE_MILLIS = 2_000;

    private static final int OFFSET_BITS = 40;

    /** Counts since the cache was opened. */
    public record Statistics(
            long hits, long misses, long damaged, long dropped, long failures, long blocks, long bytes) {}

    /** Consecutive blocks of an object, in pieces of any lengths. */
    private record Waiting(Salt object, int firstBlock, List<ByteBuffer> pieces) {
        long bytes() {
            return pieces.stream().mapToLong(ByteBuffer::remaining).sum();
        }

        /** Returns one of these blocks, or null. Copies it only if it is in several pieces. */
        ByteBuffer block(Salt wanted, int block) {
            long begin = (long) (block - firstBlock) * CACHE_BLOCK_BYTES;
            int length = (int) Math.min(CACHE_BLOCK_BYTES, bytes() - begin);
            boolean isHere = block >= firstBlock && length > 0 && object.equals(wanted);
            return isHere ? new StoredRange(0, pieces).slice(begin, length) : null;
        }
    }

    private static final Waiting IDLE = new Waiting(Salt.NONE, 0, List.of());

    private final DiskCacheSettings settings;
    private final MonotonicClock clock;
    private final CacheDirectory directory;
    private final BlockIndex index = new BlockIndex();
    private final Thread writer = new Thread(this::write, "disk-cache");
    private final Deque<Waiting> queue = new ArrayDeque<>();
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder damaged = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final LongAdder failures = new LongAdder();

    // Guarded by queue.
    private long waitingBytes;
    private Waiting writing = IDLE;
    private boolean busy;
    private boolean closed;

    // Confined to the writer.
    private ByteBuffer entry;
    private CacheSegment current;
    private long pausedUntilNanos;
    private boolean failing;

    private DiskCache(DiskCacheSettings settings, MonotonicClock clock) {
        this.settings = settings;
        this.clock = clock;
        this.directory = new CacheDirectory(settings);
        this.busy = settings.bytesMax() != 0;
    }

    /** Returns a cache that keeps nothing. */
    public static DiskCache off() {
        return open(new DiskCacheSettings(Path.of(""), 0, 0), MonotonicClock.system());
    }

    /** Opens a cache and returns at once. The writer finds an earlier process's blocks gradually. Never fails. */
    public static DiskCache open(DiskCacheSettings settings, MonotonicClock clock) {
        DiskCache cache = new DiskCache(settings, clock);
        cache.pausedUntilNanos = clock.nanoTime();
        if (cache.isOn()) {
            cache.writer.setDaemon(true);
            cache.writer.start();
        }
        return cache;
    }

    /** Returns the whole block as it was offered; null if it is not cached. The caller owns the buffer. */
    public ByteBuffer get(Salt object, int block) {
        long hash = hashOf(object, block);
        long place = index.use(hash);
        ByteBuffer bytes = null;
        if (place != BlockIndex.NOWHERE) {
            CacheSegment segment = directory.segment(place >>> OFFSET_BITS);
            try {
                bytes = segment == null
                        ? null
                        : segment.read(object, block, place & (1L << OFFSET_BITS) - 1, CACHE_BLOCK_BYTES);
                if (bytes == null) {
                    index.remove(hash, place);
                }
                if (bytes == null && segment != null) {
                    damaged.increment();
                }
            } catch (IOException e) {
                failures.increment();
            }
        }
        if (bytes == null) {
            bytes = waiting(object, block);
        }
        (bytes == null ? misses : hits).increment();
        return bytes;
    }

    /** Returns whether the block is on the disk or waits for it. Does not mark it as used. */
    boolean has(Salt object, int block) {
        return isHere(hashOf(object, block)) || waiting(object, block) != null;
    }

    /** Returns a block that still waits for the disk, or null. */
    private ByteBuffer waiting(Salt object, int block) {
        synchronized (queue) {
            ByteBuffer found = writing.block(object, block);
            Iterator<Waiting> rest = queue.descendingIterator();
            while (found == null && rest.hasNext()) {
                found = rest.next().block(object, block);
            }
            return found;
        }
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
        Waiting waiting = new Waiting(
                object, firstBlock, pieces.stream().map(ByteBuffer::duplicate).toList());
        long bytes = waiting.bytes();
        synchronized (queue) {
            if (!isOn() || closed || waitingBytes + bytes > WAITING_BYTES_MAX) {
                dropped.increment();
                return;
            }
            waitingBytes += bytes;
            queue.add(waiting);
            queue.notifyAll();
        }
    }

    /** Drops a block whose bytes are wrong although the cache returned them as they were offered. */
    public void forget(Salt object, int block) {
        long hash = hashOf(object, block);
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
                dropped.sum(),
                failures.sum(),
                index.size(),
                directory.bytes());
    }

    /** Waits until all offered blocks are written or dropped, for tests and orderly stops. */
    public void drain() throws InterruptedException {
        synchronized (queue) {
            while (!closed && (busy || !queue.isEmpty())) {
                queue.wait();
            }
        }
    }

    /** Drops blocks that still wait, and closes. */
    @Override
    public void close() {
        synchronized (queue) {
            closed = true;
            queue.clear();
            queue.notifyAll();
        }
        boolean interrupted = false;
        while (writer.isAlive()) {
            try {
                writer.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        try {
            directory.close();
        } catch (IOException e) {
            log.debug("the disk cache did not close in order", e);
        }
    }

    private void write() {
        attempt(this::load);
        attempt(this::giveBack);
        for (Waiting next = take(); next != null; next = take()) {
            Waiting taken = next;
            attempt(taken == IDLE ? this::giveBack : () -> store(taken));
        }
    }

    /** Nobody starts this thread again, so that it ends for nothing. */
    private void attempt(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            fail("unexpectedly failed at", e);
        }
    }

    /** Returns the next blocks, null at the end, and {@link #IDLE} from time to time while no blocks arrive. */
    private Waiting take() {
        synchronized (queue) {
            busy = false;
            writing = IDLE;
            queue.notifyAll();
            if (queue.isEmpty() && !closed) {
                try {
                    queue.wait(IDLE_MILLIS);
                } catch (InterruptedException e) {
                    // No code interrupts this thread; close() ends it.
                }
            }
            if (closed) {
                return null;
            }
            busy = true;
            if (queue.isEmpty()) {
                return IDLE;
            }
            Waiting next = queue.remove();
            waitingBytes -= next.bytes();
            writing = next;
            return next;
        }
    }

    /** Deletes the oldest segments until the disk has enough room for other programs. */
    private void giveBack() {
        try {
            while (directory.oldest() != null && !directory.isRoomFor(0)) {
                evict(directory.oldest(), false);
            }
        } catch (IOException e) {
            fail("cannot make room in", e);
        }
    }

    /** Loads the newest segments first: readers want them most, and a newer place of a block wins over an older one. */
    private void load() {
        try {
            for (CacheSegment segment : directory.open()) {
                segment.walk(CACHE_BLOCK_BYTES, (object, block, offset) -> {
                    long hash = hashOf(object, block);
                    if (!isHere(hash)) {
                        index.put(hash, placeOf(segment, offset));
                    }
                    return !isClosed();
                });
            }
        } catch (IOException e) {
            fail("cannot read what is in", e);
        }
    }

    private void store(Waiting waiting) {
        int block = waiting.firstBlock();
        for (ByteBuffer bytes : blocksOf(waiting.pieces())) {
            if (isClosed() || clock.nanoTime() - pausedUntilNanos < 0) {
                dropped.increment();
                return;
            }
            try {
                store(waiting.object(), block++, bytes);
            } catch (IOException e) {
                dropped.increment();
                fail("cannot write to", e);
            }
        }
    }

    private void store(Salt object, int block, ByteBuffer bytes) throws IOException {
        if (!isHere(hashOf(object, block))) {
            if (current == null || !fits(current, bytes.remaining())) {
                nextSegment();
            }
            append(object, block, bytes);
            failing = false;
        }
    }

    /** Splits pieces into blocks. Does not copy a block within one piece. */
    private static List<ByteBuffer> blocksOf(List<ByteBuffer> pieces) {
        List<ByteBuffer> blocks = new ArrayList<>();
        ByteBuffer partial = null;
        for (ByteBuffer each : pieces) {
            // Readers use the pieces at the same time.
            ByteBuffer piece = each.duplicate();
            while (piece.hasRemaining()) {
                int wanted = partial == null ? CACHE_BLOCK_BYTES : partial.remaining();
                ByteBuffer part = piece.slice(piece.position(), Math.min(wanted, piece.remaining()));
                piece.position(piece.position() + part.remaining());
                if (partial == null && part.remaining() == CACHE_BLOCK_BYTES) {
                    blocks.add(part);
                    continue;
                }
                partial = partial == null ? ByteBuffer.allocate(CACHE_BLOCK_BYTES) : partial;
                partial.put(part);
                if (!partial.hasRemaining()) {
                    blocks.add(partial.flip());
                    partial = null;
                }
            }
        }
        if (partial != null) {
            blocks.add(partial.flip());
        }
        return blocks;
    }

    private void append(Salt object, int block, ByteBuffer bytes) throws IOException {
        if (entry == null) {
            entry = ByteBuffer.allocateDirect(CacheSegment.ENTRY_HEADER_BYTES + CACHE_BLOCK_BYTES);
        }
        index.put(hashOf(object, block), placeOf(current, current.append(object, block, bytes, entry)));
    }

    private boolean fits(CacheSegment segment, int blockBytes) {
        return segment.size() + CacheSegment.ENTRY_HEADER_BYTES + blockBytes <= settings.segmentBytes();
    }

    private void nextSegment() throws IOException {
        current = null;
        while (directory.count() > settings.segmentsMax() || !directory.isRoomFor(settings.segmentBytes())) {
            if (directory.oldest() == null) {
                throw new IOException("the disk is full, although the cache is empty");
            }
            evict(directory.oldest(), false);
        }
        CacheSegment evicted = directory.count() == settings.segmentsMax() ? directory.oldest() : null;
        current = directory.create();
        if (evicted != null) {
            evict(evicted, true);
        }
    }

    /** Deletes a segment. Keeps its used blocks in at most half of the new segment, so that new blocks have room. */
    private void evict(CacheSegment segment, boolean keepUsed) throws IOException {
        if (segment == current) {
            current = null;
        }
        segment.walk(CACHE_BLOCK_BYTES, (object, block, offset) -> {
            long hash = hashOf(object, block);
            long place = placeOf(segment, offset);
            if (keepUsed && index.isUsed(hash, place) && current.size() < settings.segmentBytes() / 2) {
                ByteBuffer bytes = segment.read(object, block, offset, CACHE_BLOCK_BYTES);
                if (bytes != null) {
                    append(object, block, bytes);
                }
            }
            index.remove(hash, place);
            return !isClosed();
        });
        directory.delete(segment);
    }

    /** Pauses after a failure. The segment may end with half an entry, so the next block begins a new segment. */
    private void fail(String what, Throwable e) {
        failures.increment();
        current = null;
        pausedUntilNanos = clock.nanoTime() + PAUSE.toNanos();
        if (!failing) {
            // The log has the stack trace of an unexpected error.
            Throwable place = e instanceof IOException ? null : e;
            log.warn(
                    "{} the disk cache {}, continuing without it for now: {}",
                    what,
                    settings.directory(),
                    e.toString(),
                    place);
        }
        failing = true;
    }

    private boolean isClosed() {
        synchronized (queue) {
            return closed;
        }
    }

    private boolean isHere(long hash) {
        long place = index.place(hash);
        return place != BlockIndex.NOWHERE && directory.segment(place >>> OFFSET_BITS) != null;
    }

    private static long placeOf(CacheSegment segment, long offset) {
        return segment.number() << OFFSET_BITS | offset;
    }

    /** Returns the hash of a block. Salts are random, so their first bytes are as good as a hash. */
    private static long hashOf(Salt object, int block) {
        ByteBuffer salt = ByteBuffer.allocate(Salt.BYTES);
        object.write(salt);
        return salt.getLong(0) ^ block * 0xD6E8FEB86659FD93L;
    }
}
