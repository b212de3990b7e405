// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.compact;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.storage.engine.EngineFixture;
import io.zerofs.storage.engine.memtable.ChunkStripes;
import io.zerofs.storage.engine.memtable.CommitTable;
import io.zerofs.storage.engine.memtable.CompactionQueue;
import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.engine.read.ReadPlanner;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.StopSwitch;
import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.FrameReference;
import io.zerofs.storage.index.RocksIndex;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The handshake between a task that ends and threads that have work for it. */
final class DeltaCompactorTest {
    private static final int ROUNDS = 100_000;
    private static final EngineSettings.Compaction ONE_TASK =
            EngineFixture.compaction(2, 4).withTasksMax(1);
    private static final ChunkEntry DELTAS = new ChunkEntry(
            List.of(FrameReference.full(1, 0), FrameReference.delta(2, 0, 1), FrameReference.delta(3, 0, 1)));

    private final AtomicReference<Runnable> handed = new AtomicReference<>();
    private volatile boolean ended;

    /** The index knows nothing of the chunks, so a task only takes them out of the queue. */
    @Test
    void chunksQueuedWhileTheLastTaskEndsAreCompacted() throws Exception {
        Path directory = EngineFixture.temporary();
        Thread pool = new Thread(this::runWhatIsHanded);
        try (RocksIndex index = RocksIndex.open(directory, EngineFixture.NATIVE, EngineFixture.TUNING)) {
            StopSwitch stop = new StopSwitch();
            CompactionQueue queue = new CompactionQueue(ONE_TASK, stop);
            ReadPlanner planner = new ReadPlanner(new ChunkStripes(index, 1024), new CommitTable(new OpenCommit(9), 0));
            EngineRuntime runtime = new EngineRuntime(
                    null, this::hand, null, (nanos, task) -> {}, System::nanoTime, new SplittableRandom());
            DeltaCompactor compactor = new DeltaCompactor(
                    ONE_TASK, new DeltaCompactor.Paths(queue, planner, null, null, null), runtime, stop, null);
            pool.start();
            for (int round = 0; round < ROUNDS; round++) {
                queue.entryChanged(new ChunkId(1, 0), DELTAS);
                compactor.kick();
                for (int spin = round % 200; spin > 0; spin--) {
                    Thread.onSpinWait();
                }
                queue.entryChanged(new ChunkId(1, 1), DELTAS);
                compactor.kick();
                awaitEmpty(queue, round);
            }
        } finally {
            ended = true;
            pool.join();
            EngineFixture.delete(directory);
        }
    }

    private static void awaitEmpty(CompactionQueue queue, int round) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (queue.hasWork()) {
            assertTrue(System.nanoTime() < deadline, () -> "a chunk was forgotten in round " + round);
            Thread.onSpinWait();
        }
    }

    private void hand(Runnable task) {
        while (!handed.compareAndSet(null, task)) {
            Thread.onSpinWait();
        }
    }

    private void runWhatIsHanded() {
        while (!ended) {
            Runnable task = handed.getAndSet(null);
            if (task != null) {
                task.run();
            }
        }
    }
}
