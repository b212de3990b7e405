// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.CHUNK;
import static io.zerofs.storage.engine.VolumeWords.await;
import static io.zerofs.storage.engine.VolumeWords.failureOf;
import static io.zerofs.storage.engine.VolumeWords.filled;
import static io.zerofs.storage.engine.VolumeWords.read;
import static io.zerofs.storage.engine.VolumeWords.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.OnBehalf;
import io.zerofs.storage.engine.memtable.DirtyBudget;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.StopSwitch;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Memory for data that is not yet durable stays within its limit, and its waiters are served in turn. */
final class DirtyBudgetTest {
    private static final int MIB = 1 << 20;
    private static final EngineSettings SMALL = EngineSettings.DEFAULT
            .with(EngineFixture.memory(16 * MIB, 4 * MIB))
            .with(EngineSettings.DEFAULT
                    .commits()
                    .withCut(MIB, 2 * MIB)
                    .withFlushInterval(Duration.ofMillis(20))
                    .withUploads(4, 4 * MIB)
                    .withBarrierDeadline(Duration.ofMinutes(5))
                    .withRetryDelayMax(Duration.ofMillis(20)));
    private static final int BLOCK = 4096;

    @Test
    void waitersAreServedInTurnEvenIfALaterRequestWouldFit() throws Exception {
        DirtyBudget budget = new DirtyBudget(100, new StopSwitch());
        assertTrue(budget.tryAcquire(90));
        CompletableFuture<Void> large = waiter(budget, 80);
        CompletableFuture<Void> small = waiter(budget, 5);
        assertFalse(budget.tryAcquire(1), "a newcomer must not overtake");
        budget.charge(-70);
        await(large); // for which there is no room any more if the small one was served before
        assertFalse(small.isDone(), "there is no room for both");
        budget.charge(-20);
        await(small);
        assertEquals(85, budget.used());
    }

    @Test
    void clientsTakeTurnsHoweverManyRequestsOfOneWait() throws Exception {
        DirtyBudget budget = new DirtyBudget(100, new StopSwitch());
        assertTrue(budget.tryAcquire(100));
        List<CompletableFuture<Void>> greedy = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            greedy.add(waiter(budget, 50, "greedy"));
        }
        CompletableFuture<Void> other = waiter(budget, 50, "other");
        budget.charge(-50);
        await(greedy.get(0));
        budget.charge(-50);
        await(other); // before all requests that came earlier
        assertFalse(greedy.get(1).isDone());
        for (int i = 1; i < 5; i++) {
            budget.charge(-50);
            await(greedy.get(i));
        }
    }

    private static CompletableFuture<Void> waiter(DirtyBudget budget, long bytes) throws Exception {
        return waiter(budget, bytes, "somebody");
    }

    private static CompletableFuture<Void> waiter(DirtyBudget budget, long bytes, String client) throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        CompletableFuture<Void> result = new CompletableFuture<>();
        Thread thread = new ThreadOf(client, () -> {
            started.countDown();
            try {
                budget.acquire(bytes);
                result.complete(null);
            } catch (Exception e) {
                result.completeExceptionally(e);
            }
        });
        thread.start();
        started.await();
        while (thread.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        return result;
    }

    /** A thread that works for one client. */
    private static final class ThreadOf extends Thread implements OnBehalf {
        private final String client;

        ThreadOf(String client, Runnable work) {
            super(work);
            this.client = client;
        }

        @Override
        public Object beneficiary() {
            return client;
        }
    }

    @Test
    void aStopEndsTheWait() throws Exception {
        StopSwitch stop = new StopSwitch();
        DirtyBudget budget = new DirtyBudget(100, stop);
        assertTrue(budget.tryAcquire(100));
        CompletableFuture<Void> waiter = waiter(budget, 50);
        stop.stop(new VolumeException(VolumeException.Kind.FENCED, "fenced"));
        assertEquals(VolumeException.Kind.FENCED, failureOf(waiter));
    }

    @Test
    void inAnOutageWritersFillTheBudgetThenWaitAndNeverFail() throws Exception {
        FaultyObjectStore store = new FaultyObjectStore(new MemoryObjectStore(), 1);
        StorageVolume volume = new EngineFixture().open(store, SMALL);
        store.setOutage(true);
        AtomicLong written = new AtomicLong();
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
            try {
                for (int i = 0; i < 200; i++) {
                    write(volume, i, 0, filled(CHUNK, i));
                    written.incrementAndGet();
                }
            } catch (VolumeException e) {
                throw new IllegalStateException(e);
            }
        });
        long most = 0;
        while (written.get() < 8 * MIB / CHUNK) {
            most = Math.max(most, volume.statistics().dirtyBytes());
        }
        assertArrayEquals(filled(CHUNK, 3), read(volume, 3, 0, CHUNK));
        store.setOutage(false);
        while (!writer.isDone()) {
            most = Math.max(most, volume.statistics().dirtyBytes());
        }
        await(writer);
        long limit = SMALL.memory().dirtyBytesMax() + SMALL.commits().uploadBytesMax() + 2 * MIB;
        long highest = most;
        assertTrue(most <= limit, () -> highest + " bytes");
        await(volume.barrier());
        assertEquals(0, volume.statistics().dirtyBytes());
        for (int i = 0; i < 200; i += 17) {
            assertArrayEquals(filled(CHUNK, i), read(volume, i, 0, CHUNK));
        }
        volume.close();
    }

    @Test
    void compactionsWaitForRoomAsWritersDo() throws Exception {
        HeldStore store = new HeldStore();
        EngineSettings settings = SMALL.with(EngineFixture.compaction(8, 32));
        int chunks = 200;
        StorageVolume volume = new EngineFixture().open(store, settings);
        for (int i = 0; i < chunks; i++) {
            write(volume, i, 0, filled(CHUNK, i));
        }
        int queueAt = settings.compaction().queueAt();
        for (int delta = 1; delta < queueAt; delta++) {
            writeDeltas(volume, chunks, delta);
            await(volume.barrier());
        }
        store.hold(true);
        // The last delta makes all chunks ready to be compacted, base and all, while nothing becomes durable.
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> writeDeltas(volume, chunks, queueAt));
        while (volume.statistics().compactions() < chunks
                && !compactionsWait(settings.compaction().tasksMax())) {
            Thread.onSpinWait();
        }
        long used = volume.statistics().dirtyBytes();
        long limit = settings.memory().dirtyBytesMax() + settings.commits().uploadBytesMax();
        assertTrue(used <= limit, () -> used + " bytes");
        store.hold(false);
        while (volume.statistics().compactions() < chunks) {
            Thread.onSpinWait();
        }
        await(writer);
        await(volume.barrier());
        assertEquals(0, volume.statistics().dirtyBytes());
        assertArrayEquals(filled(4 * BLOCK, 8), read(volume, chunks - 1, 32 * BLOCK, 4 * BLOCK));
        assertArrayEquals(filled(4 * BLOCK, 17), read(volume, 17, 0, 4 * BLOCK));
        volume.close();
    }

    private static void writeDeltas(StorageVolume volume, int chunks, int delta) {
        try {
            for (int i = 0; i < chunks; i++) {
                write(volume, i, delta * 4 * BLOCK, filled(4 * BLOCK, delta));
            }
        } catch (VolumeException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean compactionsWait(int tasks) {
        return Thread.getAllStackTraces().entrySet().stream()
                        .filter(thread -> thread.getKey().getName().startsWith("zerofs-engine-store-"))
                        .map(thread -> Arrays.toString(thread.getValue()))
                        .filter(stack ->
                                stack.contains("DeltaCompactor.compact") && stack.contains("DirtyBudget.acquire"))
                        .count()
                == tasks;
    }
}
