// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.StopSwitch;
import io.zerofs.storage.index.ChunkEntry;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Chunks with many deltas: which are to be folded next, and whose writers wait until that has happened. Writers wait only
 * for a chunk that is queued, in the hands of a task, or rests after a failure, so that something must happen that wakes
 * them. No writer pays for the number of chunks. Thread-safe; a leaf lock.
 */
public final class CompactionQueue {
    /** Of each set. A chunk that finds no place comes again with its next change, and its writers do not wait. */
    private static final int CHUNKS_MAX = 1 << 16;

    private static final long REST_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long REST_NANOS_MAX = Duration.ofSeconds(10).toNanos();
    private static final long DAMAGED_REST_NANOS_MAX = Duration.ofMinutes(15).toNanos();

    private final EngineSettings.Folding settings;
    private final StopSwitch stop;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final LinkedHashSet<ChunkId> queue = new LinkedHashSet<>();
    /** Those of the queue whose writers wait. */
    private final LinkedHashSet<ChunkId> urgent = new LinkedHashSet<>();

    private final NavigableSet<ChunkId> crowded =
            new TreeSet<>(Comparator.comparingLong(ChunkId::inode).thenComparingLong(ChunkId::index));
    private final Map<ChunkId, Failure> failed = new HashMap<>();
    private volatile boolean isCrowded;
    private volatile boolean hasWork;
    private volatile boolean hasFailed;

    /** How often a chunk could not be folded, and when that is tried again. */
    private static final class Failure {
        private int attempts;
        private boolean damaged;
        private boolean rests;
        private long restsUntil;
        // Zero until the first change after the failure.
        private int deltas;
    }

    public CompactionQueue(EngineSettings.Folding settings, StopSwitch stop) {
        this.settings = settings;
        this.stop = stop;
        stop.onStop(why -> signal());
    }

    /** Called under the chunk's stripe whenever its entry changed. */
    public void entryChanged(ChunkId chunk, ChunkEntry entry) {
        int deltas = entry.deltas();
        if (deltas < settings.queueAt() && !hasWork && !isCrowded && !hasFailed) {
            return;
        }
        lock.lock();
        try {
            if (deltas < settings.queueAt()) {
                unqueue(chunk);
                failed.remove(chunk);
            } else if (!rests(chunk, deltas)) {
                enqueue(chunk);
            }
            if (deltas < settings.waitAt()) {
                release(chunk);
            } else if (isExpected(chunk) && addBounded(crowded, chunk) && queue.remove(chunk)) {
                urgent.add(chunk);
            }
            publish();
        } finally {
            lock.unlock();
        }
    }

    private static boolean addBounded(Set<ChunkId> chunks, ChunkId chunk) {
        return chunks.size() < CHUNKS_MAX && chunks.add(chunk);
    }

    private void enqueue(ChunkId chunk) {
        addBounded(crowded.contains(chunk) ? urgent : queue, chunk);
    }

    private void unqueue(ChunkId chunk) {
        queue.remove(chunk);
        urgent.remove(chunk);
    }

    /** A damaged chunk is tried again when as many deltas came as it had: these may be folded without what is damaged. */
    private boolean rests(ChunkId chunk, int deltas) {
        Failure failure = failed.get(chunk);
        if (failure == null || !failure.rests) {
            return false;
        }
        if (failure.deltas == 0) {
            failure.deltas = deltas;
        }
        failure.rests = !failure.damaged || deltas < 2 * failure.deltas;
        return failure.rests;
    }

    /** Whether a fold will be tried without any doing of the chunk's writers, and is likely to succeed. */
    private boolean isExpected(ChunkId chunk) {
        Failure failure = failed.get(chunk);
        return queue.contains(chunk) || urgent.contains(chunk) || failure != null && failure.rests && !failure.damaged;
    }

    public boolean hasWork() {
        return hasWork;
    }

    /** Takes a chunk whose writers wait, else the one that was queued first, or null. {@link #tried} is called for it. */
    public ChunkId poll() {
        lock.lock();
        try {
            Iterator<ChunkId> first = (urgent.isEmpty() ? queue : urgent).iterator();
            if (!first.hasNext()) {
                return null;
            }
            ChunkId chunk = first.next();
            first.remove();
            publish();
            return chunk;
        } finally {
            lock.unlock();
        }
    }

    /** The entry changed while a fold was made: it is tried again at once. */
    public void putBack(ChunkId chunk) {
        lock.lock();
        try {
            enqueue(chunk);
            publish();
        } finally {
            lock.unlock();
        }
    }

    /**
     * A fold failed: the chunk rests, longer each time.
     *
     * @param damaged whether frames are damaged; then writers do not wait
     * @return how often it failed in a row
     */
    public int failed(ChunkId chunk, boolean damaged, long nowNanos) {
        lock.lock();
        try {
            Failure failure = failed.size() < CHUNKS_MAX
                    ? failed.computeIfAbsent(chunk, first -> new Failure())
                    : failed.getOrDefault(chunk, new Failure());
            long bound = damaged ? DAMAGED_REST_NANOS_MAX : REST_NANOS_MAX;
            failure.restsUntil = nowNanos + Math.min(bound, REST_NANOS << Math.min(failure.attempts, 20));
            failure.damaged = damaged;
            failure.deltas = 0;
            failure.rests = true;
            unqueue(chunk);
            publish();
            return ++failure.attempts;
        } finally {
            lock.unlock();
        }
    }

    /** What a task had to do with the chunk is over: its writers wait on only if another will come to it. */
    public void tried(ChunkId chunk) {
        lock.lock();
        try {
            Failure failure = failed.get(chunk);
            if (failure != null && !failure.rests) {
                failed.remove(chunk);
            }
            if (!isExpected(chunk)) {
                release(chunk);
            }
            publish();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Queues the chunks that have rested long enough.
     *
     * @return whether others still rest
     */
    public boolean wake(long nowNanos) {
        lock.lock();
        try {
            boolean rest = false;
            for (Map.Entry<ChunkId, Failure> chunk : failed.entrySet()) {
                Failure failure = chunk.getValue();
                if (failure.rests && failure.restsUntil - nowNanos <= 0) {
                    failure.rests = false;
                    enqueue(chunk.getKey());
                }
                rest |= failure.rests;
            }
            publish();
            return rest;
        } finally {
            lock.unlock();
        }
    }

    /** Waits while any of the chunks has too many deltas. Holding no lock. */
    public void awaitRoom(ChunkRange chunks) throws VolumeException, InterruptedException {
        if (!isCrowded) {
            return;
        }
        lock.lock();
        try {
            if (!contains(chunks)) {
                return;
            }
        } finally {
            lock.unlock();
        }
        NonBlockingThread.check();
        lock.lock();
        try {
            while (contains(chunks)) {
                stop.check();
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean contains(ChunkRange chunks) {
        ChunkId chunk = crowded.ceiling(new ChunkId(chunks.inode(), chunks.first()));
        return chunk != null && chunk.inode() == chunks.inode() && chunk.index() < chunks.end();
    }

    private void release(ChunkId chunk) {
        if (crowded.remove(chunk)) {
            if (urgent.remove(chunk)) {
                enqueue(chunk);
            }
            changed.signalAll();
        }
    }

    private void publish() {
        hasWork = !queue.isEmpty() || !urgent.isEmpty();
        isCrowded = !crowded.isEmpty();
        hasFailed = !failed.isEmpty();
    }

    private void signal() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
