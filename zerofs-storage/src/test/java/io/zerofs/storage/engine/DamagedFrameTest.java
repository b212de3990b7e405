// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.CHUNK;
import static io.zerofs.storage.engine.VolumeWords.await;
import static io.zerofs.storage.engine.VolumeWords.filled;
import static io.zerofs.storage.engine.VolumeWords.read;
import static io.zerofs.storage.engine.VolumeWords.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.index.ChunkEntry;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Damage is an error that names the object, for its data and nothing else. */
final class DamagedFrameTest {
    private final FaultyObjectStore store = new FaultyObjectStore(new MemoryObjectStore(), 5);
    private final String first = new CommitId(1, 1).objectName();
    private StorageVolume volume;

    @BeforeEach
    void writeTwoCommits() throws Exception {
        EngineSettings settings = EngineSettings.DEFAULT.with(EngineFixture.memory(32 << 20, 0));
        volume = new EngineFixture().open(store, settings);
        byte[] noise = new byte[CHUNK];
        new SplittableRandom(1).nextBytes(noise);
        write(volume, 0, 0, noise);
        await(volume.barrier());
        write(volume, 1, 0, filled(CHUNK, 2));
        await(volume.barrier());
    }

    @AfterEach
    void close() throws Exception {
        store.setFaults();
        volume.close();
    }

    private VolumeException failureOfReading(int length) {
        int offset = ThreadLocalRandom.current().nextInt(CHUNK - length + 1);
        return assertThrows(VolumeException.class, () -> read(volume, 0, offset, length));
    }

    @Test
    void aFlippedBitIsAnErrorThatNamesTheObject() throws Exception {
        store.setFaults(Fault.on(StoreOperation.GET_RANGE, first, 1, new Fault.CorruptBody()));
        VolumeException failure = failureOfReading(10);
        assertEquals(VolumeException.Kind.CORRUPT, failure.kind());
        assertTrue(failure.getMessage().contains(first), failure::getMessage);
        assertArrayEquals(filled(CHUNK, 2), read(volume, 1, 0, CHUNK));
        assertEquals(1, volume.statistics().damagedReads());
        store.setFaults();
        read(volume, 0, 0, CHUNK);
    }

    @Test
    void anObjectThatIsGoneIsAnErrorThatNamesIt() throws Exception {
        store.setFaults(Fault.on(StoreOperation.GET_RANGE, first, 1, new Fault.MissingObject()));
        VolumeException failure = failureOfReading(CHUNK);
        assertEquals(VolumeException.Kind.CORRUPT, failure.kind());
        assertTrue(failure.getMessage().contains(first), failure::getMessage);
        assertArrayEquals(filled(CHUNK, 2), read(volume, 1, 0, CHUNK));
    }

    @Test
    void anObjectThatEndsTooEarlyIsDamaged() {
        store.setFaults(Fault.on(StoreOperation.GET_RANGE, first, 1, new Fault.CutBody()));
        assertEquals(VolumeException.Kind.CORRUPT, failureOfReading(100).kind());
    }

    @Test
    void aStoreThatDoesNotAnswerIsNotDamage() throws Exception {
        store.setOutage(true);
        assertEquals(VolumeException.Kind.UNAVAILABLE, failureOfReading(100).kind());
        store.setOutage(false);
        read(volume, 0, 0, 100);
        assertEquals(0, volume.statistics().damagedReads());
    }

    @Test
    void writersDoNotWaitForTheCompactionOfADamagedChunk() throws Exception {
        for (int i = 0; i < 40; i++) {
            store.setFaults(Fault.on(StoreOperation.GET_RANGE, "", 1, new Fault.CorruptBody()));
            write(volume, 0, i * 4096, filled(4096, i));
            await(volume.barrier());
        }
        write(volume, 0, 0, filled(CHUNK, 9));
        assertArrayEquals(filled(CHUNK, 9), read(volume, 0, 0, CHUNK));
    }

    @Test
    void aChunkThatSeemedDamagedOnceIsCompactedAgain() throws Exception {
        store.setFaults(Fault.on(StoreOperation.GET_RANGE, "", 1, new Fault.CorruptBody()));
        for (int i = 0; i < 40; i++) {
            write(volume, 0, i * 4096, filled(4096, i));
            await(volume.barrier());
        }
        store.setFaults();
        writeAndAwaitFewDeltas(100);
        assertArrayEquals(filled(3996, 39), read(volume, 0, 39 * 4096 + 100, 3996));
    }

    @Test
    void aChunkWithADamagedFrameKeepsFewDeltas() throws Exception {
        store.setFaults(Fault.on(StoreOperation.GET_RANGE, first, 1, new Fault.CutBody()));
        writeAndAwaitFewDeltas(300);
        assertEquals(VolumeException.Kind.CORRUPT, failureOfReadingTheLastByte());
    }

    @Test
    void writersOfAChunkThatCannotBeCompactedFailInTheEnd() throws Exception {
        store.setFaults(Fault.on(StoreOperation.GET_RANGE, "", 1, new Fault.CorruptBody()));
        VolumeException refused = assertThrows(VolumeException.class, () -> {
            for (int i = 0; i <= ChunkEntry.FRAMES_MAX; i++) {
                write(volume, 0, i % 60 * 4096, filled(100, i));
                await(volume.barrier());
            }
        });
        assertTrue(refused.getMessage().contains("chunk 0 of inode 1"), refused::getMessage);
        write(volume, 0, 0, filled(CHUNK, 9));
        assertArrayEquals(filled(CHUNK, 9), read(volume, 0, 0, CHUNK));
    }

    /** Overwrites blocks 0 to 59 and leaves few deltas, so that a read needs few requests. */
    private void writeAndAwaitFewDeltas(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            write(volume, 0, i % 60 * 4096, filled(100, i));
            await(volume.barrier());
        }
        int deltasMax = 2 * EngineSettings.DEFAULT.compaction().waitAt();
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (VolumeWords.entry(volume, 0).deltas() > deltasMax) {
            assertTrue(System.nanoTime() < deadline, "it keeps too many deltas");
        }
    }

    private VolumeException.Kind failureOfReadingTheLastByte() {
        return assertThrows(VolumeException.class, () -> read(volume, 0, CHUNK - 1, 1))
                .kind();
    }
}
