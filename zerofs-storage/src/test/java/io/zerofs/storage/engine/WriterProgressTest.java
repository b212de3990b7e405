// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.CHUNK;
import static io.zerofs.storage.engine.VolumeWords.filled;
import static io.zerofs.storage.engine.VolumeWords.write;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.core.waiting.WouldBlockException;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.upkeep.GcSource;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Small overwrites of few chunks, barriers, compactions and moves, interleaved at each request. A writer that waits for
 * a compaction continues once no other task can, with any answers of the store.
 */
final class WriterProgressTest {
    private static final int CHUNKS = 3;
    private static final int STEPS_MAX = 5000;
    private static final EngineSettings SETTINGS = SimulatedRuntime.SETTINGS
            .with(SimulatedRuntime.SETTINGS.memory().withPageCacheBytes(0))
            .with(SimulatedRuntime.SETTINGS.compaction().withDeltas(2, 4).withTasksMax(1));

    @Test
    void everyWriterContinues() throws Exception {
        Seeds.run(40, WriterProgressTest::simulate);
    }

    @Test
    @Tag("slow")
    void everyWriterContinuesInManyInterleavings() throws Exception {
        Seeds.run(1000, WriterProgressTest::simulate);
    }

    private static void simulate(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        InterleavedRuntime threads = new InterleavedRuntime(random.split());
        FaultyObjectStore store = new FaultyObjectStore(new MemoryObjectStore(), seed);
        StorageVolume volume = new EngineFixture(new SplittableRandom(seed))
                .open(
                        threads.takingTurns(store),
                        SETTINGS,
                        threads.runtime(),
                        new EngineFixture.QuietKeeper(),
                        () -> {});
        try {
            for (int chunk = 0; chunk < CHUNKS; chunk++) {
                write(volume, chunk, 0, filled(CHUNK, 1));
            }
            volume.barrier();
            GcSource.Move move = null;
            for (int i = 0; i < 500; i++) {
                switch (random.nextInt(9)) {
                    case 0, 1, 2 -> {
                        int chunk = random.nextInt(CHUNKS);
                        awaitRoom(volume, threads, store, chunk);
                        write(volume, chunk, random.nextInt(12) * 4096, filled(100, i));
                    }
                    case 3 -> volume.barrier();
                    case 4 -> setFaults(random, store);
                    case 5 -> move = move(volume, threads, move, random.nextInt(CHUNKS));
                    default -> threads.runOne();
                }
            }
        } finally {
            store.crash();
            threads.end();
            volume.stop(new VolumeException(VolumeException.Kind.CLOSED, "end"));
            volume.close();
        }
    }

    private static void setFaults(SplittableRandom random, FaultyObjectStore store) {
        double chance = random.nextInt(3) * 0.2;
        store.setFaults(
                Fault.on(StoreOperation.GET_RANGE, "", chance, new Fault.Unavailable()),
                Fault.on(StoreOperation.GET_RANGE, "", chance, new Fault.CorruptBody()),
                Fault.on(StoreOperation.PUT, "", chance, new Fault.Unavailable()));
    }

    /** Reads what a chunk consists of, or makes the move that was prepared a while ago. */
    private static GcSource.Move move(
            StorageVolume volume, InterleavedRuntime threads, GcSource.Move prepared, int chunk) throws Exception {
        try {
            if (prepared != null) {
                volume.move(prepared);
                return null;
            }
            while (threads.runOne()) {
                // Until no thread holds a page on its way, because this thread would wait for the page.
            }
            return volume.prepareMove(new ChunkId(1, chunk), seq -> true);
        } catch (VolumeException e) {
            return null;
        }
    }

    private static void awaitRoom(StorageVolume volume, InterleavedRuntime threads, FaultyObjectStore store, int chunk)
            throws Exception {
        for (int steps = 0; mustWait(volume, chunk); steps++) {
            if (steps == STEPS_MAX / 2) {
                // A fold needs all of its answers in one attempt: by chance alone it might never get them.
                store.setFaults();
            }
            // Somebody else's fsync: compactions are made of commits that are frozen.
            volume.barrier();
            boolean goesOn = threads.runOne() || threads.passTime();
            assertTrue(goesOn && steps < STEPS_MAX, () -> "a writer of chunk " + chunk + " waits for ever");
        }
    }

    private static boolean mustWait(StorageVolume volume, int chunk) throws Exception {
        CompletableFuture<Void> entered = new CompletableFuture<>();
        Thread loop = new EventLoop(() -> {
            try {
                volume.reserve(new ChunkRange(1, chunk, chunk + 1), 100).close();
                entered.complete(null);
            } catch (VolumeException | RuntimeException e) {
                entered.completeExceptionally(e);
            }
        });
        loop.start();
        try {
            entered.get();
            return false;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof WouldBlockException) {
                return true;
            }
            throw e;
        }
    }

    private static final class EventLoop extends Thread implements NonBlockingThread {
        EventLoop(Runnable body) {
            super(body);
        }
    }
}
