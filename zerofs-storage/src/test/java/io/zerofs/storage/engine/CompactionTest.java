// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.CHUNK;
import static io.zerofs.storage.engine.VolumeWords.await;
import static io.zerofs.storage.engine.VolumeWords.filled;
import static io.zerofs.storage.engine.VolumeWords.put;
import static io.zerofs.storage.engine.VolumeWords.read;
import static io.zerofs.storage.engine.VolumeWords.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.core.waiting.WouldBlockException;
import io.zerofs.storage.engine.memtable.CompactedChunk;
import io.zerofs.storage.engine.memtable.Extents;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.engine.upkeep.GcSource;
import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.index.FrameReference;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The times at which deltas are compacted, the results, and the writers that wait for them. */
final class CompactionTest {
    private static final int BLOCK = 4096;
    private static final EngineSettings SETTINGS = EngineSettings.DEFAULT.with(EngineFixture.compaction(8, 12));

    private final EngineFixture fixture = new EngineFixture();
    private final MemoryObjectStore store = new MemoryObjectStore();
    private final EngineThreads threads = new EngineThreads(16);
    private final Deque<Runnable> heldCompactions = new ArrayDeque<>();
    private boolean holdingCompactions;
    private StorageVolume volume;

    @BeforeEach
    void open() throws Exception {
        volume = fixture.open(store, SETTINGS, runtimeThatHoldsCompactions(), new EngineFixture.QuietKeeper(), threads);
        write(volume, 0, 0, filled(CHUNK, 1));
        await(volume.barrier());
    }

    /** Compactions run when the test lets them. Nothing else here uses the executor for requests in the background. */
    private EngineRuntime runtimeThatHoldsCompactions() {
        EngineRuntime real = threads.runtime();
        return new EngineRuntime(
                real.sealing(), this::executeOrHold, real.uploads(), real.timer(), real.nanoTime(), real.random());
    }

    private void executeOrHold(Runnable task) {
        synchronized (heldCompactions) {
            if (holdingCompactions) {
                heldCompactions.add(task);
                return;
            }
        }
        threads.runtime().requests().execute(task);
    }

    private void holdCompactions() {
        synchronized (heldCompactions) {
            holdingCompactions = true;
        }
    }

    private void releaseCompactions() {
        synchronized (heldCompactions) {
            holdingCompactions = false;
            heldCompactions.forEach(threads.runtime().requests()::execute);
            heldCompactions.clear();
        }
    }

    @AfterEach
    void close() throws Exception {
        releaseCompactions();
        volume.close();
    }

    private void delta(int block, int value) throws Exception {
        write(volume, 0, block * BLOCK, filled(BLOCK, value));
        await(volume.barrier());
    }

    private void writeUnchecked(int offset, byte[] data) {
        try {
            write(volume, 0, offset, data);
        } catch (VolumeException e) {
            throw new IllegalStateException(e);
        }
    }

    private void awaitCompactions(long count) {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (volume.statistics().compactions() < count) {
            assertTrue(System.nanoTime() < deadline, "nothing was compacted");
            Thread.onSpinWait();
        }
    }

    private ChunkEntry entry() throws Exception {
        return VolumeWords.entry(volume, 0);
    }

    @Test
    void fewBlocksAreCompactedIntoOneDeltaAndTheBaseStays() throws Exception {
        for (int i = 0; i < 8; i++) {
            delta(i % 3, i);
            delta(40 + i, i);
        }
        awaitCompactions(1);
        ChunkEntry entry = entry();
        assertEquals(1, entry.frames().get(0).seq());
        assertTrue(entry.deltas() <= 8, entry::toString);
        assertArrayEquals(filled(BLOCK, 7), read(volume, 0, BLOCK, BLOCK));
        assertArrayEquals(filled(BLOCK, 7), read(volume, 0, 47 * BLOCK, BLOCK));
        assertArrayEquals(filled(BLOCK, 1), read(volume, 0, 30 * BLOCK, BLOCK));
    }

    @Test
    void manyBlocksAreCompactedTogetherWithTheBase() throws Exception {
        for (int i = 0; i < 8; i++) {
            write(volume, 0, i * 4 * BLOCK, filled(4 * BLOCK, 10 + i));
            await(volume.barrier());
        }
        awaitCompactions(1);
        ChunkEntry entry = entry();
        assertTrue(entry.frames().get(0).seq() > 1, entry::toString);
        assertTrue(entry.frames().get(0).full());
        for (int i = 0; i < 8; i++) {
            assertArrayEquals(filled(4 * BLOCK, 10 + i), read(volume, 0, i * 4 * BLOCK, 4 * BLOCK));
        }
        assertArrayEquals(filled(32 * BLOCK, 1), read(volume, 0, 32 * BLOCK, 32 * BLOCK));
    }

    @Test
    void durableOutputOfACompactionLeavesMemoryAndWritesStay() throws Exception {
        for (int i = 0; i < 8; i++) {
            write(volume, 0, i * 4 * BLOCK, filled(4 * BLOCK, 10 + i));
            await(volume.barrier());
        }
        awaitCompactions(1);
        await(volume.barrier());
        delta(60, 3);
        long misses = volume.statistics().pageMisses();
        assertArrayEquals(filled(BLOCK, 3), read(volume, 0, 60 * BLOCK, BLOCK));
        assertEquals(misses, volume.statistics().pageMisses());
        assertArrayEquals(filled(BLOCK, 1), read(volume, 0, 50 * BLOCK, BLOCK));
        assertTrue(volume.statistics().pageMisses() > misses, "the compacted chunk is still in memory");
    }

    @Test
    void beyondTheLimitWritersOfTheChunkWaitAndOthersDoNot() throws Exception {
        holdCompactions();
        for (int i = 0; i < 12; i++) {
            delta(i, i);
        }
        AtomicReference<Throwable> refused = new AtomicReference<>();
        Thread loop = new EventLoop(() -> {
            try (Reservation room = volume.reserve(new ChunkRange(1, 0, 1), 10)) {
                refused.set(new AssertionError("the writer did not wait"));
            } catch (Throwable e) {
                refused.set(e);
            }
        });
        loop.start();
        loop.join();
        assertEquals(WouldBlockException.class, refused.get().getClass());
        write(volume, 1, 0, filled(10, 1));
        put(volume, "key");
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> writeUnchecked(0, filled(10, 99)));
        releaseCompactions();
        await(writer);
        assertArrayEquals(filled(10, 99), read(volume, 0, 0, 10));
    }

    @Test
    void writersContinueAfterTheBaseOfTheirChunkMovedIntoTheOpenCommit() throws Exception {
        GcSource.Move move = volume.prepareMove(new ChunkId(1, 0), seq -> seq == 1);
        holdCompactions();
        for (int i = 0; i < 11; i++) {
            delta(i, i);
        }
        assertTrue(volume.move(move));
        write(volume, 0, 50 * BLOCK, filled(BLOCK, 50));
        releaseCompactions();
        awaitCompactions(1);
        await(CompletableFuture.runAsync(() -> writeUnchecked(51 * BLOCK, filled(BLOCK, 51))));
        assertTrue(entry().deltas() < 8, () -> "it was not compacted");
        for (int i = 0; i < 11; i++) {
            assertArrayEquals(filled(BLOCK, i), read(volume, 0, i * BLOCK, BLOCK));
        }
        assertArrayEquals(filled(BLOCK, 50), read(volume, 0, 50 * BLOCK, BLOCK));
    }

    private static final class EventLoop extends Thread implements NonBlockingThread {
        EventLoop(Runnable body) {
            super(body);
        }
    }

    @Test
    void aDeltaThatALaterWriteCoversIsDroppedUnread() throws Exception {
        delta(3, 1);
        delta(5, 2);
        write(volume, 0, 3 * BLOCK, filled(BLOCK, 3));
        ChunkEntry entry = entry();
        assertEquals(2, entry.deltas(), entry::toString);
        write(volume, 0, 0, filled(CHUNK, 4));
        assertEquals(0, entry().deltas());
        assertArrayEquals(filled(CHUNK, 4), read(volume, 0, 0, CHUNK));
    }

    @Test
    void aCompactionThatLostItsFramesMeanwhileChangesNothing() {
        assertThrows(
                IllegalArgumentException.class,
                () -> EngineSettings.DEFAULT.compaction().withDeltas(8, 8));
        ChunkEntry entry = new ChunkEntry(List.of(
                FrameReference.full(1, 0),
                FrameReference.delta(2, 0, 1),
                FrameReference.delta(3, 0, 2),
                FrameReference.delta(4, 0, 4)));
        CompactedChunk deltas = new CompactedChunk(entry.frames().subList(1, 3), new Extents());
        assertTrue(deltas.appliesTo(entry));
        ChunkEntry after = deltas.replaceIn(entry, 9, 5);
        assertEquals(3, after.frames().size());
        assertEquals(9, after.frames().get(1).seq());
        assertEquals(4, after.last().seq());
        assertTrue(!deltas.appliesTo(after));
        CompactedChunk all = new CompactedChunk(entry.frames().subList(0, 3), new Extents());
        assertEquals(2, all.replaceIn(entry, 9, 5).frames().size());
        assertTrue(all.replaceIn(entry, 9, 5).frames().get(0).full());
        assertTrue(!all.appliesTo(after));
        assertTrue(!all.appliesTo(ChunkEntry.HOLE));
    }
}
