// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import static io.zerofs.storage.cache.DiskCache.CACHE_BLOCK_BYTES;

import io.zerofs.core.runtime.Machine;
import io.zerofs.storage.object.MonotonicClock;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes the cache on the local disk, and the blocks that wait for it. First it reads an earlier
 * process's blocks. If blocks arrive faster than the disk takes them, it drops them. When it needs room, it deletes the
 * oldest segment, but writes blocks that were used since then once more. A failure pauses it and ends nothing.
 * Thread-safe.
 */
final class CacheWriter {
    private static final Logger log = LoggerFactory.getLogger(CacheWriter.class);

    /** Maximum bytes of blocks that wait for the disk. */
    private static final long WAITING_BYTES_MAX = 24 << 20;

    /** Time without writes after a failed write. */
    private static final Duration PAUSE = Duration.ofSeconds(30);

    /** Interval at which an idle cache checks whether the disk is full. */
    private static final long IDLE_NANOS = 2_000_000_000;

    private final DiskCacheSettings settings;
    private final MonotonicClock clock;
    private final CacheDirectory directory;
    private final BlockIndex index;
    private final Lock lock = Machine.current().newLock();
    private final Condition changed = lock.newCondition();
    private final LongAdder dropped = new LongAdder();
    private final LongAdder failures = new LongAdder();

    private Machine.Task task;

    // Guarded by the lock.
    private final Deque<PendingBlocks> queue = new ArrayDeque<>();
    private long waitingBytes;
    private PendingBlocks writing = PendingBlocks.NONE;
    private boolean busy;
    private volatile boolean closed;

    // Confined to the task.
    private ByteBuffer entry;
    private CacheSegment current;
    private long pausedUntilNanos;
    private boolean failing;

    /** The caller reads from this directory and index while the thread writes to them. */
    CacheWriter(DiskCacheSettings settings, MonotonicClock clock, CacheDirectory directory, BlockIndex index) {
        this.settings = settings;
        this.clock = clock;
        this.directory = directory;
        this.index = index;
        this.pausedUntilNanos = clock.nanoTime();
    }

    void start() {
        busy = true;
        task = Machine.current().start("disk-cache", this::write);
    }

    /** Number of blocks that were offered and not written. */
    long dropped() {
        return dropped.sum();
    }

    long failures() {
        return failures.sum();
    }

    /** Queues blocks, or drops them if too many wait. */
    void offer(PendingBlocks blocks) {
        long bytes = blocks.bytes();
        lock.lock();
        try {
            if (settings.bytesMax() == 0 || closed || waitingBytes + bytes > WAITING_BYTES_MAX) {
                dropped.increment();
                return;
            }
            waitingBytes += bytes;
            queue.add(blocks);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Returns a block that still waits for the disk, or null. */
    ByteBuffer waiting(Salt object, int block) {
        lock.lock();
        try {
            ByteBuffer found = writing.block(object, block);
            Iterator<PendingBlocks> rest = queue.descendingIterator();
            while (found == null && rest.hasNext()) {
                found = rest.next().block(object, block);
            }
            return found;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until all offered blocks are written or dropped. */
    void drain() throws InterruptedException {
        lock.lock();
        try {
            while (!closed && (busy || !queue.isEmpty())) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Drops blocks that still wait, and ends the thread. */
    void close() {
        lock.lock();
        try {
            closed = true;
            queue.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        for (boolean ended = task == null; !ended; ) {
            try {
                ended = task.join(IDLE_NANOS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        attempt(this::load);
        attempt(this::giveBack);
        while (!closed) {
            attempt(this::writeNext);
        }
    }

    /** Survives any failure, because no code starts the thread again. */
    private void attempt(Runnable step) {
        try {
            step.run();
        } catch (Machine.Crashed e) {
            throw e;
        } catch (RuntimeException | Error e) {
            fail("unexpectedly failed at", e);
        }
    }

    private void writeNext() {
        PendingBlocks next = take();
        if (next == PendingBlocks.NONE) {
            giveBack();
        } else if (next != null) {
            store(next);
        }
    }

    /** Returns the next blocks, null at the end, and {@link PendingBlocks#NONE} from time to time while no blocks arrive. */
    private PendingBlocks take() {
        lock.lock();
        try {
            busy = false;
            writing = PendingBlocks.NONE;
            changed.signalAll();
            if (queue.isEmpty() && !closed) {
                try {
                    changed.awaitNanos(IDLE_NANOS);
                } catch (InterruptedException e) {
                    // No code interrupts this thread; close() ends it.
                }
            }
            if (closed) {
                return null;
            }
            busy = true;
            if (queue.isEmpty()) {
                return PendingBlocks.NONE;
            }
            PendingBlocks next = queue.remove();
            waitingBytes -= next.bytes();
            writing = next;
            return next;
        } finally {
            lock.unlock();
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
            directory.open(e -> fail("cannot use all of", e)).forEach(this::load);
        } catch (IOException e) {
            fail("cannot read what is in", e);
        }
    }

    private void load(CacheSegment segment) {
        try {
            segment.walk(CACHE_BLOCK_BYTES, (object, block, offset) -> {
                long hash = BlockIndex.hashOf(object, block);
                if (!directory.has(index.place(hash))) {
                    index.put(hash, segment.place(offset));
                }
                return !closed;
            });
        } catch (IOException e) {
            fail("cannot read all of", e);
        }
    }

    private void store(PendingBlocks waiting) {
        int block = waiting.firstBlock();
        for (ByteBuffer bytes : waiting.blocks()) {
            if (closed || clock.nanoTime() - pausedUntilNanos < 0) {
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
        if (!directory.has(index.place(BlockIndex.hashOf(object, block)))) {
            if (current == null || !fits(current, bytes.remaining())) {
                nextSegment();
            }
            append(object, block, bytes);
            failing = false;
        }
    }

    private void append(Salt object, int block, ByteBuffer bytes) throws IOException {
        if (entry == null) {
            entry = ByteBuffer.allocateDirect(CacheSegment.ENTRY_HEADER_BYTES + CACHE_BLOCK_BYTES);
        }
        index.put(BlockIndex.hashOf(object, block), current.place(current.append(object, block, bytes, entry)));
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
        try {
            segment.walk(CACHE_BLOCK_BYTES, (object, block, offset) -> {
                long hash = BlockIndex.hashOf(object, block);
                long place = segment.place(offset);
                if (keepUsed && index.isUsed(hash, place) && current.size() < settings.segmentBytes() / 2) {
                    ByteBuffer bytes = segment.read(object, block, offset, CACHE_BLOCK_BYTES);
                    if (bytes != null) {
                        append(object, block, bytes);
                    }
                }
                index.remove(hash, place);
                return !closed;
            });
        } finally {
            // Also if the disk cannot read it, because the next eviction would fail there again.
            directory.delete(segment);
        }
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
}
