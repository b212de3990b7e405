// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.CHUNK;
import static io.zerofs.storage.engine.VolumeWords.await;
import static io.zerofs.storage.engine.VolumeWords.failureOf;
import static io.zerofs.storage.engine.VolumeWords.filled;
import static io.zerofs.storage.engine.VolumeWords.key;
import static io.zerofs.storage.engine.VolumeWords.put;
import static io.zerofs.storage.engine.VolumeWords.read;
import static io.zerofs.storage.engine.VolumeWords.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.DeadFrames;
import io.zerofs.storage.commit.FenceSealer;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.engine.upkeep.GcHook;
import io.zerofs.storage.engine.upkeep.GcStatistics;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The times at which commits are cut, their way into the store, and the answers to barriers. */
final class BarrierTest {
    private static final int MIB = 1 << 20;

    private final EngineFixture fixture = new EngineFixture().writing((database, options, batch) -> {
        database.write(options, batch);
        this.afterWrite.run();
    });
    private final HeldStore store = new HeldStore();
    private final ManualTimer timer = new ManualTimer();
    private final AtomicInteger threadsMissing = new AtomicInteger();
    private volatile Runnable afterWrite = () -> {};
    private StorageVolume volume;

    private StorageVolume open(ObjectStore where, EngineSettings settings) throws Exception {
        EngineThreads threads = new EngineThreads(16);
        EngineRuntime real = threads.runtime();
        Executor uploads = work -> {
            if (threadsMissing.getAndUpdate(missing -> Math.max(0, missing - 1)) > 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            real.uploads().execute(work);
        };
        EngineRuntime runtime =
                new EngineRuntime(real.sealing(), real.requests(), uploads, timer, timer::nanoTime, real.random());
        volume = fixture.open(where, settings, runtime, new EngineFixture.QuietKeeper(), threads);
        return volume;
    }

    private static EngineSettings uploads(int max) {
        return uploads(max, Duration.ofSeconds(60));
    }

    private static EngineSettings uploads(int max, Duration barrierDeadline) {
        return EngineSettings.DEFAULT.with(EngineSettings.DEFAULT
                .commits()
                .withCut(1 << 20, 1 << 20)
                .withFlushInterval(Duration.ofSeconds(5))
                .withUploads(max, 8 << 20)
                .withBarrierDeadline(barrierDeadline)
                .withRetryDelayMax(Duration.ofSeconds(30)));
    }

    @AfterEach
    void close() throws Exception {
        store.hold(false);
        if (volume != null) {
            volume.close();
        }
    }

    @Test
    void answersKeepTheOrderOfTheLogWithAnyOrderOfThePuts() throws Exception {
        open(store, uploads(4));
        store.hold(true);
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        List<CompletableFuture<?>> barriers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            put(volume, "a" + i);
            int number = i;
            barriers.add(volume.barrier().thenRun(() -> order.add(number)));
            store.awaitHeld(i + 1);
        }
        List<String> held = store.awaitHeld(3);
        store.release(held.get(2));
        store.release(held.get(1));
        assertTrue(barriers.stream().noneMatch(CompletableFuture::isDone));
        store.release(held.get(0));
        for (CompletableFuture<?> barrier : barriers) {
            await(barrier);
        }
        assertEquals(List.of(0, 1, 2), order);
    }

    @Test
    void barriersThatArriveWithoutAFreeSlotShareTheNextCommit() throws Exception {
        open(store, uploads(1));
        store.hold(true);
        put(volume, "first");
        CompletableFuture<Void> first = volume.barrier();
        String held = store.awaitHeld(1).get(0);
        List<CompletableFuture<Void>> later = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            put(volume, "later" + i);
            later.add(volume.barrier());
        }
        store.release(held);
        await(first);
        store.release(store.awaitHeld(1).get(0));
        for (CompletableFuture<Void> barrier : later) {
            await(barrier);
        }
        assertEquals(2, store.puts());
    }

    @Test
    void barriersShortlyAfterACutShareTheNextOneAndLeaveSlotsToOthers() throws Exception {
        open(store, uploads(4));
        store.hold(true);
        put(volume, "slow");
        CompletableFuture<Void> slow = volume.barrier();
        String held = store.awaitHeld(1).get(0);
        timer.pass(Duration.ofMillis(20));
        store.release(held);
        await(slow);
        List<CompletableFuture<Void>> barriers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            put(volume, "a" + i);
            barriers.add(volume.barrier());
            store.awaitHeld(1);
        }
        timer.pass(Duration.ofMillis(5));
        store.awaitHeld(2);
        put(volume, "after a pause");
        timer.pass(Duration.ofMillis(5));
        barriers.add(volume.barrier());
        store.awaitHeld(3);
        store.hold(false);
        for (CompletableFuture<Void> barrier : barriers) {
            await(barrier);
        }
        assertEquals(4, store.puts());
    }

    @Test
    void aBarrierWithoutNewDataWaitsForCommitsInFlightAndSendsNoRequest() throws Exception {
        open(store, uploads(4));
        await(volume.barrier());
        assertEquals(0, store.puts());
        store.hold(true);
        put(volume, "a");
        CompletableFuture<Void> first = volume.barrier();
        String held = store.awaitHeld(1).get(0);
        CompletableFuture<Void> second = volume.barrier();
        assertFalse(second.isDone());
        store.release(held);
        await(first);
        await(second);
        await(volume.barrier());
        assertEquals(1, store.puts());
    }

    /** After a crash a reader must find the data that it read and then confirmed with a barrier. */
    @Test
    void aBarrierCoversReadableDataWhoseWriterHasNoAnswerYet() throws Exception {
        open(store, uploads(4));
        CompletableFuture<Void> visible = new CompletableFuture<>();
        CompletableFuture<Void> goOn = new CompletableFuture<>();
        afterWrite = () -> {
            visible.complete(null);
            goOn.join();
        };
        FutureTask<Void> writing = new FutureTask<>(() -> {
            put(volume, "a");
            return null;
        });
        new Thread(writing, "writer").start();
        await(visible);
        assertNotNull(volume.get(key("a")));
        FutureTask<CompletableFuture<Void>> barrier = new FutureTask<>(volume::barrier);
        Thread reader = new Thread(barrier, "reader");
        reader.start();
        while (!barrier.isDone() && reader.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        goOn.complete(null);
        writing.get(1, TimeUnit.MINUTES);
        await(barrier.get(1, TimeUnit.MINUTES));
        assertEquals(1, volume.lastApplied().seq());
    }

    @Test
    void aChangeIsCutByTheTimerAndOnlyThen() throws Exception {
        open(store, uploads(4));
        store.hold(true);
        timer.pass(Duration.ofMinutes(1));
        put(volume, "a");
        timer.pass(Duration.ofMillis(4900));
        assertEquals(0, store.puts());
        timer.pass(Duration.ofMillis(200));
        store.release(store.awaitHeld(1).get(0));
        await(volume.barrier());
        timer.pass(Duration.ofMinutes(1));
        assertEquals(1, store.puts());
    }

    @Test
    void aCommitIsCutAtItsSizeEvenIfNoUploadSlotIsFree() throws Exception {
        open(store, uploads(1));
        store.hold(true);
        for (int i = 0; i < 20; i++) {
            write(volume, i, 0, filled(256 * 1024, i));
        }
        CompletableFuture<Void> barrier = volume.barrier();
        store.hold(false);
        await(barrier);
        assertTrue(store.puts() >= 5, () -> store.puts() + " commits");
    }

    @Test
    void pastTheDeadlineABarrierFailsWhileTheUploadContinues() throws Exception {
        FaultyObjectStore faulty = new FaultyObjectStore(new MemoryObjectStore(), 1);
        open(faulty, uploads(4));
        faulty.setOutage(true);
        put(volume, "a");
        CompletableFuture<Void> barrier = volume.barrier();
        timer.pass(Duration.ofSeconds(59));
        assertFalse(barrier.isDone());
        timer.pass(Duration.ofSeconds(2));
        assertEquals(VolumeException.Kind.UNAVAILABLE, failureOf(barrier));
        put(volume, "b");
        faulty.setOutage(false);
        while (volume.lastApplied().seq() == 0) {
            timer.pass(Duration.ofMillis(500));
        }
        await(volume.barrier());
        assertEquals(2, volume.lastApplied().seq());
    }

    private void passUntilDone(CompletableFuture<Void> barrier) throws Exception {
        while (!barrier.isDone()) {
            timer.pass(Duration.ofMillis(10));
        }
        await(barrier);
    }

    @Test
    void aPutWhoseAnswerWasLostIsRecognisedAsOurOwn() throws Exception {
        FaultyObjectStore faulty = new FaultyObjectStore(new MemoryObjectStore(), 1);
        open(faulty, uploads(4, Duration.ofDays(10_000)));
        faulty.setFaults(Fault.on(StoreOperation.PUT, "commits/", 1, new Fault.UnknownOutcome(Fault.Fate.APPLIED)));
        put(volume, "a");
        CompletableFuture<Void> barrier = volume.barrier();
        while (faulty.requestNumber() == 0) {
            Thread.onSpinWait();
        }
        faulty.setFaults();
        passUntilDone(barrier);
        assertEquals(1, volume.lastApplied().seq());
    }

    @Test
    void aCommitForWhichNoThreadCanBeHadIsTriedAgain() throws Exception {
        open(store, uploads(4, Duration.ofDays(10_000)));
        threadsMissing.set(2);
        put(volume, "a");
        CompletableFuture<Void> barrier = volume.barrier();
        passUntilDone(barrier);
        assertEquals(1, volume.lastApplied().seq());
    }

    @Test
    void aCommitThatWaitsForASlotContinuesOnceTheIndexTakesTheOneBefore() throws Exception {
        open(store, uploads(1, Duration.ofDays(10_000)));
        AtomicBoolean full = new AtomicBoolean(true);
        volume.setGcHook(new GcHook() {
            @Override
            public void applied(FrameTable frames, List<DeadFrames> deadFrames) {
                if (full.getAndSet(false)) {
                    // in the place of the index
                    BarrierTest.<RuntimeException>sneak(
                            new VolumeException(VolumeException.Kind.NO_SPACE, "the disk is full"));
                }
            }

            @Override
            public GcStatistics statistics() {
                return GcStatistics.NONE;
            }

            @Override
            public void close() {}
        });
        store.hold(true);
        put(volume, "a");
        CompletableFuture<Void> first = volume.barrier();
        store.awaitHeld(1);
        put(volume, "b");
        CompletableFuture<Void> second = volume.barrier();
        timer.pass(Duration.ofSeconds(6));
        store.hold(false);
        while (!first.isDone()) {
            timer.pass(Duration.ofMillis(10));
        }
        await(second);
    }

    @SuppressWarnings("unchecked")
    private static <E extends Exception> void sneak(Exception failure) throws E {
        throw (E) failure;
    }

    @Test
    void anErrorOfTheStoresLibraryEndsTheVolumeWithoutWaitingForTheDeadline() throws Exception {
        open(
                new ForwardingObjectStore(new MemoryObjectStore()) {
                    @Override
                    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) {
                        throw new NoClassDefFoundError("of a test");
                    }
                },
                uploads(4));
        put(volume, "a");
        assertEquals(VolumeException.Kind.CLOSED, failureOf(volume.barrier()));
    }

    @Test
    void aFenceInThePlaceOfACommitEndsTheVolume() throws Exception {
        open(store, uploads(4));
        put(volume, "a");
        await(volume.barrier());
        CommitId next = new CommitId(volume.epoch(), 2);
        Salt salt = Salt.random(new SplittableRandom());
        store.put(
                next.objectName(),
                List.of(FenceSealer.seal(fixture.keys(), next, 9, salt)),
                new ObjectStore.IfAbsent());
        CompletableFuture<VolumeException> told = new CompletableFuture<>();
        volume.onStop(told::complete);
        store.hold(true);
        put(volume, "b");
        CompletableFuture<Void> fenced = volume.barrier();
        store.awaitHeld(1);
        put(volume, "c");
        CompletableFuture<Void> later = volume.barrier();
        store.hold(false);
        assertEquals(VolumeException.Kind.FENCED, failureOf(fenced));
        assertEquals(VolumeException.Kind.FENCED, failureOf(later));
        await(told);
        assertEquals(VolumeException.Kind.FENCED, told.join().kind());
        assertTrue(told.join().getMessage().contains(next.objectName()));
        assertEquals(VolumeException.Kind.FENCED, failureOf(volume.barrier()));
        assertEquals(
                VolumeException.Kind.FENCED,
                assertThrows(VolumeException.class, () -> put(volume, "d")).kind());
        assertEquals(
                VolumeException.Kind.FENCED,
                assertThrows(VolumeException.class, () -> volume.get(VolumeWords.key("a")))
                        .kind());
    }

    @Test
    void nothingIsChargedOnceAllIsDurable() throws Exception {
        open(store, uploads(2));
        for (int i = 0; i < 50; i++) {
            write(volume, i % 7, i * 1000, filled(5000, i));
            put(volume, "a" + i);
            if (i % 10 == 0) {
                await(volume.barrier());
            }
        }
        await(volume.barrier());
        assertEquals(0, volume.statistics().dirtyBytes());
    }

    @Test
    void aCutForACheckpointNamesTheLastCommitThatHoldsAnything() throws Exception {
        open(store, uploads(2));
        assertEquals(0, volume.cut().get());
        put(volume, "a");
        assertEquals(1, volume.cut().get());
        assertEquals(1, volume.cut().get());
        assertEquals(1, volume.lastApplied().seq());
    }

    private static EngineSettings growing() {
        EngineSettings usual = EngineSettings.DEFAULT;
        return usual.with(EngineSettings.DEFAULT
                .commits()
                .withCut(MIB, 4 * MIB)
                .withFlushInterval(Duration.ofSeconds(5))
                .withUploads(4, 8 * MIB)
                .withBarrierDeadline(Duration.ofMinutes(1))
                .withRetryDelayMax(Duration.ofSeconds(30)));
    }

    /** Writes three times as much as a commit is usually cut at. */
    private void writeThreeMebibytes(int value) throws Exception {
        for (int chunk = 0; chunk < 12; chunk++) {
            write(volume, chunk, 0, filled(CHUNK, value + chunk));
        }
    }

    @Test
    void repeatedlyWrittenDataIsStoredOnce() throws Exception {
        open(store, growing());
        writeThreeMebibytes(0);
        await(volume.barrier());
        int before = store.puts();
        assertTrue(before >= 3, "what is new must not wait");
        for (int round = 1; round <= 20; round++) {
            writeThreeMebibytes(round);
        }
        await(volume.barrier());
        assertEquals(before + 1, store.puts());
        for (int chunk = 0; chunk < 12; chunk++) {
            assertArrayEquals(filled(CHUNK, 20 + chunk), read(volume, chunk, 0, CHUNK));
        }
    }

    @Test
    void noCommitGrowsThatTakesLongToStore() throws Exception {
        open(store, growing());
        store.hold(true);
        writeThreeMebibytes(0);
        store.awaitHeld(3);
        timer.pass(Duration.ofSeconds(4));
        store.hold(false);
        await(volume.barrier());
        int before = store.puts();
        // None of these may be stored before all are written: at no time at all, which would make the store a fast one.
        store.hold(true);
        writeThreeMebibytes(1);
        writeThreeMebibytes(2);
        store.hold(false);
        await(volume.barrier());
        assertTrue(store.puts() - before >= 6, () -> store.puts() - before + " commits");
    }

    @Test
    void aGrowingLogIsCutDespiteRewrites() throws Exception {
        open(store, growing());
        write(volume, 0, 0, filled(CHUNK, 0));
        await(volume.barrier());
        int before = store.puts();
        for (int round = 1; round <= 60; round++) {
            write(volume, 0, 0, filled(CHUNK, round));
            Batch batch = volume.newBatch();
            batch.put(new byte[] {1, (byte) round}, new byte[100_000]);
            volume.apply(batch);
        }
        await(volume.barrier());
        assertTrue(store.puts() - before >= 5, () -> store.puts() - before + " commits");
    }
}
