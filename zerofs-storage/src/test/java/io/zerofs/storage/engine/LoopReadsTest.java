// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.await;
import static io.zerofs.storage.engine.VolumeWords.filled;
import static io.zerofs.storage.engine.VolumeWords.read;
import static io.zerofs.storage.engine.VolumeWords.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.core.waiting.WouldBlockException;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.upkeep.GcSource;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** An event loop does not read the local disk, not even for an entry that a write has to know. */
final class LoopReadsTest {
    /** More than entries stay decoded. */
    private static final int CHUNKS = 4_096;

    private static final EngineSettings SETTINGS = EngineSettings.DEFAULT.with(
            EngineSettings.DEFAULT.memory().withDirtyBytesMax(64 << 20).withEntriesMax(1));

    @Test
    void readsAndWritesOfEntriesOnTheDiskLeaveTheLoopAndTheVolumeContinues() throws Exception {
        try (StorageVolume volume = new EngineFixture().open(new MemoryObjectStore(), SETTINGS)) {
            for (int chunk = 0; chunk < CHUNKS; chunk++) {
                write(volume, chunk, 0, filled(10, chunk));
            }
            await(volume.barrier());
            volume.checkpoint(EngineFixture.temporary().resolve("copy")); // Which brings the index to the disk.

            assertInstanceOf(WouldBlockException.class, onALoop(() -> volume.prepareRead(1, 0, 10)));
            assertInstanceOf(WouldBlockException.class, onALoop(() -> write(volume, 0, 5, filled(5, 7))));
            assertArrayEquals(filled(10, 0), read(volume, 0, 0, 10));
            assertNull(onALoop(() -> write(volume, 0, 5, filled(5, 7))));
            assertArrayEquals(filled(5, 7), read(volume, 0, 5, 5));
        }
    }

    /** While a batch is in the gate, no thread can cut a commit. Event loops cut commits for barriers. */
    @Test
    void aMoveReadsItsEntriesBeforeTheGate() throws Exception {
        try (StorageVolume volume = new EngineFixture().open(new MemoryObjectStore(), SETTINGS)) {
            write(volume, 0, 0, filled(10, 1));
            await(volume.barrier());
            GcSource.Move move = volume.prepareMove(new ChunkId(1, 0), seq -> true);
            for (int chunk = 1; chunk < CHUNKS; chunk++) {
                write(volume, chunk, 0, filled(10, chunk));
            }
            await(volume.barrier());
            volume.checkpoint(EngineFixture.temporary().resolve("copy"));

            assertInstanceOf(WouldBlockException.class, onALoop(() -> volume.move(move)));
            assertTrue(volume.move(move));
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    private static Throwable onALoop(Step step) throws InterruptedException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread loop = new EventLoop(() -> {
            try {
                step.run();
            } catch (Exception e) {
                failure.set(e);
            }
        });
        loop.start();
        loop.join();
        return failure.get();
    }

    @Test
    void zerosOfAStoredFrameAreReadOnTheLoop() throws Exception {
        EngineSettings nothingKept =
                SETTINGS.with(SETTINGS.memory().withPageCacheBytes(0).withEntriesMax(1_000));
        try (StorageVolume volume = new EngineFixture().open(new MemoryObjectStore(), nothingKept)) {
            write(volume, 0, 200_000, filled(10, 1));
            await(volume.barrier());
            assertInstanceOf(WouldBlockException.class, onALoop(() -> read(volume, 0, 200_000, 10)));
            AtomicReference<byte[]> zeros = new AtomicReference<>();
            assertNull(onALoop(() -> zeros.set(read(volume, 0, 100_000, 10))));
            assertArrayEquals(new byte[10], zeros.get());
        }
    }

    /** Files of a few kilobytes that were written together are in the same block of their commit. */
    @Test
    void smallFilesOfABlockInMemoryAreReadOnTheLoop() throws Exception {
        EngineSettings cached = new EngineSettings(
                SETTINGS.memory().withEntriesMax(1_000),
                SETTINGS.commits(),
                SETTINGS.compaction(),
                new EngineSettings.Disk(64 << 20, 0));
        EngineFixture fixture = new EngineFixture();
        MemoryObjectStore store = new MemoryObjectStore();
        byte[] noise = new byte[Volume.CHUNK_BYTES];
        new SplittableRandom(1).nextBytes(noise);
        try (StorageVolume volume = fixture.open(store, cached)) {
            write(volume, 0, 0, filled(10, 1));
            write(volume, 1, 0, filled(10, 2));
            write(volume, 2, 0, noise);
            write(volume, 3, 0, filled(10, 3));
            await(volume.barrier());
        }
        try (StorageVolume volume = fixture.open(store, cached)) {
            assertInstanceOf(WouldBlockException.class, onALoop(() -> read(volume, 0, 0, 10)));
            assertArrayEquals(filled(10, 1), read(volume, 0, 0, 10));
            AtomicReference<byte[]> next = new AtomicReference<>();
            assertNull(onALoop(() -> next.set(read(volume, 1, 0, 10))));
            assertArrayEquals(filled(10, 2), next.get());
            assertInstanceOf(WouldBlockException.class, onALoop(() -> read(volume, 3, 0, 10)));
        }
    }

    private static final class EventLoop extends Thread implements NonBlockingThread {
        EventLoop(Runnable work) {
            super(work);
        }
    }
}
