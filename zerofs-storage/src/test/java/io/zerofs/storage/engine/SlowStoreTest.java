// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.CHUNK;
import static io.zerofs.storage.engine.VolumeWords.await;
import static io.zerofs.storage.engine.VolumeWords.failureOf;
import static io.zerofs.storage.engine.VolumeWords.filled;
import static io.zerofs.storage.engine.VolumeWords.put;
import static io.zerofs.storage.engine.VolumeWords.write;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ManualMonotonicClock;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.Traffic;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Waiting times of barriers on a slow link, and the data in flight. */
final class SlowStoreTest {
    private static final Duration DEADLINE = EngineSettings.DEFAULT.commits().barrierDeadline();
    private static final int UPLOADS = EngineSettings.DEFAULT.commits().uploadsMax();

    private final EngineFixture fixture = new EngineFixture();
    private final HeldStore held = new HeldStore();
    private final ManualTimer timer = new ManualTimer();
    private StorageVolume volume;

    /** A store whose bytes only the test moves. */
    private static class Linked extends ForwardingObjectStore {
        final Traffic traffic = new Traffic(ConnectionSettings.DEFAULTS, new ManualMonotonicClock());
        final Traffic.Transfer transfer = traffic.attempt(1 << 30, () -> {});

        Linked(ObjectStore store) {
            super(store);
        }

        @Override
        public Traffic traffic() {
            return traffic;
        }
    }

    private Linked openHeld() throws Exception {
        return openHeld(EngineSettings.DEFAULT);
    }

    private Linked openHeld(EngineSettings settings) throws Exception {
        Linked store = new Linked(held);
        EngineThreads threads = new EngineThreads(16);
        EngineRuntime real = threads.runtime();
        EngineRuntime runtime = new EngineRuntime(
                real.sealing(), real.requests(), real.uploads(), timer, timer::nanoTime, real.random());
        volume = fixture.open(store, settings, runtime, new EngineFixture.QuietKeeper(), threads);
        held.hold(true);
        return store;
    }

    /** Writes to a store that answers nothing, and returns the barrier after the writes. */
    private CompletableFuture<?> writeManyChunks() throws Exception {
        openHeld();
        for (int i = 0; i < 40; i++) {
            write(volume, i, 0, filled(CHUNK, i));
        }
        return volume.barrier();
    }

    @AfterEach
    void close() throws Exception {
        held.hold(false);
        if (volume != null) {
            volume.close();
        }
    }

    @Test
    void aBarrierIsAnsweredHoweverLongItTakesWhileBytesMove() throws Exception {
        Linked store = openHeld();
        put(volume, "a");
        CompletableFuture<?> barrier = volume.barrier();
        held.awaitHeld(1);
        for (int i = 0; i < 100; i++) {
            store.transfer.sent(4096);
            timer.pass(DEADLINE.minusSeconds(10));
        }
        assertFalse(barrier.isDone());
        held.hold(false);
        await(barrier);
    }

    @Test
    void aBarrierFailsOnceNothingHasMovedForItsDeadline() throws Exception {
        Linked store = openHeld();
        put(volume, "a");
        CompletableFuture<?> barrier = volume.barrier();
        held.awaitHeld(1);
        timer.pass(DEADLINE.minusSeconds(1));
        store.transfer.sent(4096);
        timer.pass(DEADLINE.minusSeconds(1));
        assertFalse(barrier.isDone());
        timer.pass(Duration.ofSeconds(8));
        assertEquals(VolumeException.Kind.UNAVAILABLE, failureOf(barrier));
    }

    @Test
    void repeatedSendingIsNoProgress() throws Exception {
        SimulatedRuntime simulated = new SimulatedRuntime(new SplittableRandom(1));
        EngineRuntime runtime = simulated.runtime();
        Broken store = new Broken();
        volume = fixture.open(store, EngineSettings.DEFAULT, runtime, new EngineFixture.QuietKeeper(), () -> {});
        put(volume, "a");
        CompletableFuture<?> barrier = volume.barrier();
        store.broken = true;
        while (!barrier.isDone()) {
            assertTrue(simulated.runOne() || simulated.passTime());
        }
        assertEquals(VolumeException.Kind.UNAVAILABLE, failureOf(barrier));
        Duration took = Duration.ofNanos(runtime.nanoTime().getAsLong());
        assertTrue(took.compareTo(DEADLINE.multipliedBy(5)) < 0, took::toString);
        store.broken = false;
        CompletableFuture<?> next = volume.barrier();
        while (!next.isDone()) {
            assertTrue(simulated.runOne() || simulated.passTime());
        }
        await(next);
    }

    /** Takes bodies and hangs up. */
    private static final class Broken extends Linked {
        private boolean broken;

        Broken() {
            super(new MemoryObjectStore());
        }

        @Override
        public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
            if (broken) {
                transfer.sent(4096);
                throw new ObjectStoreException(ObjectStoreException.Kind.UNKNOWN_OUTCOME, "hung up", null);
            }
            return super.put(name, bytes, condition);
        }
    }

    @Test
    void onAnUnknownLinkAllConnectionsCarryFewBytes() throws Exception {
        CompletableFuture<?> barrier = writeManyChunks();
        assertEquals(UPLOADS, held.awaitHeld(UPLOADS).size());
        held.hold(false);
        await(barrier);
        assertTrue(held.puts() >= UPLOADS + 8, "a few of a quarter of a mebibyte, the others of one: " + held.puts());
        assertTrue(held.puts() <= UPLOADS + 9, "only the first are small: " + held.puts());
    }

    /** Lost packets make the times of requests differ, and the slowest one would leave the other connections idle. */
    @Test
    void commitsAfterASlowOneGoToTheStore() throws Exception {
        CompletableFuture<?> barrier = writeManyChunks();
        List<String> first = held.awaitHeld(UPLOADS);
        first.subList(1, UPLOADS).forEach(held::release);

        List<String> second = held.awaitHeld(UPLOADS);

        assertEquals(first.get(0), second.get(0));
        assertFalse(barrier.isDone());
        held.hold(false);
        await(barrier);
    }

    /** Otherwise one slow request would stop writers as soon as they have filled their budget. */
    @Test
    void writersContinueWhileCommitsAfterASlowOneAreStored() throws Exception {
        int budget = 2 * Volume.RESERVATION_BYTES_MAX;
        openHeld(EngineSettings.DEFAULT.with(EngineSettings.DEFAULT.memory().withDirtyBytesMax(budget)));
        write(volume, 0, 0, filled(CHUNK, 1));
        CompletableFuture<?> barrier = volume.barrier();
        held.awaitHeld(1);
        held.passLater();

        await(CompletableFuture.runAsync(() -> {
            for (int i = 1; i <= 3 * budget / CHUNK; i++) {
                int chunk = i;
                assertDoesNotThrow(() -> write(volume, chunk, 0, filled(CHUNK, chunk)));
            }
        }));

        assertFalse(barrier.isDone());
        held.hold(false);
        await(barrier);
        await(volume.barrier());
        assertEquals(0, volume.statistics().dirtyBytes());
    }

    /** Other clients could otherwise keep a caller waiting for many times its deadline. */
    @Test
    void commitsStoredAfterAMissingOneAreNoProgressForItsCaller() throws Exception {
        CompletableFuture<?> barrier = writeManyChunks();
        for (int i = 0; i < 3; i++) {
            timer.pass(DEADLINE.dividedBy(4));
            held.release(held.awaitHeld(UPLOADS).get(1));
        }
        held.awaitHeld(UPLOADS);
        assertFalse(barrier.isDone());
        timer.pass(DEADLINE.dividedBy(4).plusSeconds(8));
        assertEquals(VolumeException.Kind.UNAVAILABLE, failureOf(barrier));
    }

    @Test
    void onAnUnknownLinkLargeWritesUseAllConnections() throws Exception {
        openHeld();
        int chunks = 4;
        for (int i = 0; i < 16; i++) {
            Batch batch = volume.newBatch();
            for (int chunk = i * chunks; chunk < (i + 1) * chunks; chunk++) {
                batch.writeChunk(new ChunkId(1, chunk), 0, ByteBuffer.wrap(filled(CHUNK, chunk)));
            }
            try (Reservation room = volume.reserve(new ChunkRange(1, i * chunks, (i + 1) * chunks), chunks * CHUNK)) {
                volume.apply(batch);
            }
        }
        CompletableFuture<?> barrier = volume.barrier();
        assertEquals(UPLOADS, held.awaitHeld(UPLOADS).size());
        held.hold(false);
        await(barrier);
    }
}
