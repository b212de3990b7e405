// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.write;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.storage.engine.memtable.CompactionQueue;
import io.zerofs.storage.engine.memtable.DirtyBudget;
import io.zerofs.storage.engine.runtime.StopSwitch;
import io.zerofs.storage.engine.upkeep.CheckpointHook;
import io.zerofs.storage.index.RocksIndex;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Delays writers while they hold no lock. They wait for room in the dirty budget, for a checkpoint, for the index's write
 * buffers, and while one of their chunks has too many deltas. Thread-safe.
 */
public final class WriteAdmission {
    /** Memory of a batch besides its bytes: records of the index, pieces, slots. */
    private static final int BATCH_OVERHEAD_BYTES = 1024;

    // The index is checked once per this many bytes, long before it could fill a write buffer.
    private static final long INDEX_CHECK_BYTES = 1 << 20;
    private static final Duration LOG_PAUSE = Duration.ofMillis(100);
    private static final Duration INDEX_PAUSE = Duration.ofMillis(5);
    private static final Duration INDEX_PATIENCE = Duration.ofSeconds(20);

    private final DirtyBudget budget;
    private final CompactionQueue compactions;
    private final CheckpointHook keeper;
    private final RocksIndex index;
    private final StopSwitch stop;
    private final LongSupplier nanoTime;
    private final Duration logPatience;
    private final AtomicLong bytesSinceCheck = new AtomicLong();
    private volatile boolean refused;

    /** The places where writers wait. */
    public record Gates(DirtyBudget budget, CompactionQueue compactions, CheckpointHook keeper, RocksIndex index) {}

    /** @param logPatience maximum time that a writer waits for a checkpoint while publishing fails */
    public WriteAdmission(Gates gates, StopSwitch stop, LongSupplier nanoTime, Duration logPatience) {
        this.budget = gates.budget();
        this.compactions = gates.compactions();
        this.keeper = gates.keeper();
        this.index = gates.index();
        this.stop = stop;
        this.nanoTime = nanoTime;
        this.logPatience = logPatience;
    }

    public Reservation admit(ChunkRange chunks, int bytes) throws VolumeException {
        Objects.checkFromToIndex(0, bytes, Volume.RESERVATION_BYTES_MAX);
        stop.check();
        long room = (long) bytes + BATCH_OVERHEAD_BYTES;
        try {
            awaitLog();
            awaitIndex(room);
            if (chunks != null) {
                compactions.awaitRoom(chunks);
            }
            if (!budget.tryAcquire(room)) {
                NonBlockingThread.check();
                budget.acquire(room);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new VolumeException(VolumeException.Kind.UNAVAILABLE, "interrupted while waiting for room", e);
        }
        AtomicBoolean held = new AtomicBoolean(true);
        return () -> {
            if (held.compareAndSet(true, false)) {
                budget.charge(-room);
            }
        };
    }

    private void awaitLog() throws VolumeException, InterruptedException {
        if (keeper.hasRoom()) {
            return;
        }
        NonBlockingThread.check();
        long begin = nanoTime.getAsLong();
        do {
            stop.check();
            String failure = keeper.failure();
            if (failure != null && nanoTime.getAsLong() - begin > logPatience.toNanos()) {
                throw new VolumeException(
                        VolumeException.Kind.UNAVAILABLE,
                        "the log is full, and no checkpoint can be published: " + failure);
            }
        } while (!keeper.awaitRoom(LOG_PAUSE.toNanos()));
    }

    /** Notes that the index refused a batch: later writers wait until it takes writes again. */
    public void indexRefused() {
        refused = true;
    }

    private void awaitIndex(long room) throws VolumeException, InterruptedException {
        if (bytesSinceCheck.addAndGet(room) < INDEX_CHECK_BYTES && !refused) {
            return;
        }
        long begin = nanoTime.getAsLong();
        while (index.writeBuffersFree() == 0 || refused && !index.takesWrites()) {
            NonBlockingThread.check();
            stop.check();
            // A slow disk will have written in the end.
            if (nanoTime.getAsLong() - begin > INDEX_PATIENCE.toNanos() && index.lacksSpace()) {
                throw new VolumeException(
                        VolumeException.Kind.NO_SPACE, "the local index cannot write: the cache disk is full");
            }
            Machine.current().sleep(INDEX_PAUSE.toNanos());
        }
        refused = false;
        bytesSinceCheck.set(0);
    }
}
