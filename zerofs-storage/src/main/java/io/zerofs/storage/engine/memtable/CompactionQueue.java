// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import io.zerofs.core.runtime.Machine;
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
import java.util.concurrent.locks.Lock;

/**
 * The queue of chunks with many deltas. Compaction takes the next one, and writers of chunks with too many deltas wait.
 * They wait only for a chunk that is queued, that a task compacts, or that rests after a failure, so that something will
 * wake them. A writer's cost does not depend on the number of chunks. Thread-safe; a leaf lock.
 */
public final class CompactionQueue {
    /** Maximum chunks of each set. Without a place, a chunk comes again with its next change, and its writers do not wait. */
    private static final int CHUNKS_MAX = 1 << 16;

    /** Blocks in a chunk's deltas from which on few large deltas count as many: twice the chunk, which readers overlay. */
    private static final int DELTA_BLOCKS_MAX = 128;

    private static final int LARGE_DELTAS_MIN = 3;

    private static final long REST_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long REST_NANOS_MAX = Duration.ofSeconds(10).toNanos();
    private static final long DAMAGED_REST_NANOS_MAX = Duration.ofMinutes(15).toNanos();

    private final EngineSettings.Compaction settings;
    private final StopSwitch stop;
    private final Lock lock = Machine.current().newLock();
    private final Condition changed = lock.newCondition();
    private final LinkedHashSet<ChunkId> queue = new LinkedHashSet<>();
    /** Queued chunks whose writers wait. */
    private final LinkedHashSet<ChunkId> urgent = new LinkedHashSet<>();

    private final NavigableSet<ChunkId> crowded =
            new TreeSet<>(Comparator.comparingLong(ChunkId::inode).thenComparingLong(ChunkId::index));
    private final Map<ChunkId, Failure> failed = new HashMap<>();
    private volatile boolean isCrowded;
    private volatile boolean hasWork;
    private volatile boolean hasFailed;

    /** The failed attempts of a chunk, and the time of the next one. */
    private static final class Failure {
        private int attempts;
        private boolean damaged;
        private boolean rests;
        private long restsUntil;
        // Zero until the first change after the failure.
        private int deltas;
    }

    public CompactionQueue(EngineSettings.Compaction settings, StopSwitch stop) {
        this.settings = settings;
        this.stop = stop;
        stop.onStop(why -> signal());
    }

    /** Notes a change of an entry. Called under the chunk's stripe. */
    public void entryChanged(ChunkId chunk, ChunkEntry entry) {
        int deltas = entry.deltas();
        boolean few = isFew(deltas, entry);
        if (few && !hasWork && !isCrowded && !hasFailed) {
            return;
        }
        lock.lock();
        try {
            if (few) {
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

    private boolean isFew(int deltas, ChunkEntry entry) {
        return deltas < settings.queueAt() && (deltas < LARGE_DELTAS_MIN || entry.deltaBlocks() < DELTA_BLOCKS_MAX);
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

    /** Returns whether a chunk rests. A damaged one rests until its deltas double: the new ones may be compacted alone. */
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

    /** Returns whether compaction will come to the chunk without its writers, and will probably succeed. */
    private boolean isExpected(ChunkId chunk) {
        Failure failure = failed.get(chunk);
        return queue.contains(chunk) || urgent.contains(chunk) || failure != null && failure.rests && !failure.damaged;
    }

    public boolean hasWork() {
        return hasWork;
    }

    /** Takes a chunk whose writers wait, else the oldest queued one, or null. The caller calls {@link #tried} for it. */
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

    /** Queues the chunk again at once, because its entry changed during the compaction. */
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
     * Notes a failure: the chunk rests, longer each time.
     *
     * @param damaged whether frames are damaged; then writers do not wait
     * @return the number of failures in a row
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

    /** Notes the end of a task. The chunk's writers wait on only if another task will come to it. */
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
     * Queues the chunks whose rest is over.
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

    /** Waits while any of the chunks has too many deltas. The caller holds no lock. */
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
