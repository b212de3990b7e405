// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NeverWaits;
import io.zerofs.storage.index.ChunkEntry;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Chunks with many deltas: which are to be folded next, and whose writers wait until that has happened. Thread-safe; a
 * leaf lock.
 */
final class FoldQueue {
    // Damaged chunks that cannot be folded; their writers do not wait. Beyond this some are tried again.
    private static final int GIVEN_UP_MAX = 4096;

    // A chunk that finds no place comes again with its next change, and always once its writers wait.
    private static final int WAITING_MAX = 1 << 16;

    private final StorageSettings.Folding settings;
    private final StopSwitch stop;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final LinkedHashSet<ChunkId> queue = new LinkedHashSet<>();
    private final Set<ChunkId> crowded = new HashSet<>();
    private final Set<ChunkId> givenUp = new HashSet<>();
    private volatile boolean isCrowded;
    private volatile boolean hasWork;

    FoldQueue(StorageSettings.Folding settings, StopSwitch stop) {
        this.settings = settings;
        this.stop = stop;
        stop.onStop(why -> signal());
    }

    /** Called under the chunk's stripe whenever its entry changed. */
    void entryChanged(ChunkId chunk, ChunkEntry entry) {
        int deltas = entry.deltas();
        if (deltas < settings.queueAt() && !hasWork && !isCrowded) {
            return;
        }
        lock.lock();
        try {
            if (deltas < settings.queueAt()) {
                queue.remove(chunk);
            } else if (!givenUp.contains(chunk) && (queue.size() < WAITING_MAX || deltas >= settings.waitAt())) {
                queue.add(chunk);
            }
            if (deltas >= settings.waitAt() && !givenUp.contains(chunk)) {
                crowded.add(chunk);
            } else if (crowded.remove(chunk)) {
                changed.signalAll();
            }
            publish();
        } finally {
            lock.unlock();
        }
    }

    boolean hasWork() {
        return hasWork;
    }

    /**
     * Takes a chunk whose writers wait, else the one that was queued first, or null. It comes back with its next change if
     * it still has many deltas.
     */
    ChunkId poll() {
        lock.lock();
        try {
            for (ChunkId chunk : crowded) {
                if (queue.remove(chunk)) {
                    publish();
                    return chunk;
                }
            }
            Iterator<ChunkId> first = queue.iterator();
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

    void putBack(ChunkId chunk) {
        lock.lock();
        try {
            queue.add(chunk);
            publish();
        } finally {
            lock.unlock();
        }
    }

    /** The chunk's frames are damaged: it is not folded, and nobody waits for that. */
    void giveUp(ChunkId chunk) {
        lock.lock();
        try {
            if (givenUp.size() == GIVEN_UP_MAX) {
                givenUp.clear();
            }
            givenUp.add(chunk);
            queue.remove(chunk);
            crowded.remove(chunk);
            publish();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits while any of the chunks has too many deltas. Holding no lock. */
    void awaitRoom(ChunkRange chunks) throws VolumeException, InterruptedException {
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
        NeverWaits.check();
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
        return crowded.stream()
                .anyMatch(chunk -> chunk.inode() == chunks.inode()
                        && chunk.index() >= chunks.first()
                        && chunk.index() < chunks.end());
    }

    private void publish() {
        hasWork = !queue.isEmpty();
        isCrowded = !crowded.isEmpty();
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
