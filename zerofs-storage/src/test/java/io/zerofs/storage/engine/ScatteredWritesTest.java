// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.CHUNK;
import static io.zerofs.storage.engine.VolumeWords.await;
import static io.zerofs.storage.engine.VolumeWords.filled;
import static io.zerofs.storage.engine.VolumeWords.read;
import static io.zerofs.storage.engine.VolumeWords.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.EngineThreads;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Small overwrites of many chunks: which of them let a commit grow. The usual size is 1 MiB, and a round is 256 KiB. */
final class ScatteredWritesTest {
    private static final int MIB = 1 << 20;
    private static final int BLOCK = 4096;
    private static final int ROUNDS = 12;

    private final HeldStore store = new HeldStore();
    private final ManualTimer timer = new ManualTimer();
    private StorageVolume volume;

    @BeforeEach
    void open() throws Exception {
        EngineThreads threads = new EngineThreads(16);
        EngineRuntime real = threads.runtime();
        EngineRuntime runtime = new EngineRuntime(
                real.sealing(), real.requests(), real.uploads(), timer, timer::nanoTime, real.random());
        EngineSettings settings = EngineSettings.DEFAULT.with(
                EngineSettings.DEFAULT.commits().withCut(MIB, 4 * MIB).withUploads(4, 8 * MIB));
        volume = new EngineFixture().open(store, settings, runtime, new EngineFixture.QuietKeeper(), threads);
    }

    @AfterEach
    void close() throws Exception {
        volume.close();
    }

    /** Fills chunks, and then others, so that the former are no longer recent. */
    private void fill(int chunks, int length) throws Exception {
        for (int chunk = 0; chunk < chunks; chunk++) {
            write(volume, chunk, 0, filled(length, chunk));
        }
        for (int other = 0; other < 5 * MIB; other += CHUNK) {
            write(volume, chunks + other / CHUNK, 0, filled(CHUNK, 1));
        }
        await(volume.barrier());
    }

    @Test
    void severalSmallOverwritesOfEachChunkAreStoredInOneCommit() throws Exception {
        int chunks = 64;
        fill(chunks, CHUNK);
        int before = store.puts();
        for (int round = 0; round < ROUNDS; round++) {
            for (int chunk = 0; chunk < chunks; chunk++) {
                write(volume, chunk, 2 * round * BLOCK, filled(BLOCK, 7 + round));
            }
        }
        await(volume.barrier());
        assertEquals(1, store.puts() - before);
        for (int chunk = 0; chunk < chunks; chunk++) {
            assertArrayEquals(filled(BLOCK, 7), read(volume, chunk, 0, BLOCK));
        }
    }

    @Test
    void noCommitGrowsWhileEachChunkIsOverwrittenOnce() throws Exception {
        int chunks = ROUNDS * 64;
        fill(chunks, BLOCK);
        int before = store.puts();
        for (int chunk = 0; chunk < chunks; chunk++) {
            write(volume, chunk, BLOCK, filled(BLOCK, 7));
        }
        await(volume.barrier());
        assertTrue(store.puts() - before >= 3, () -> store.puts() - before + " commits");
    }

    @Test
    void noCommitGrowsUnderSmallOverwritesInOrder() throws Exception {
        int chunks = ROUNDS;
        fill(chunks, CHUNK);
        int before = store.puts();
        for (int at = 0; at < chunks * CHUNK; at += BLOCK) {
            write(volume, at / CHUNK, at % CHUNK, filled(BLOCK, 7));
        }
        await(volume.barrier());
        assertTrue(store.puts() - before >= 3, () -> store.puts() - before + " commits");
    }
}
