// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.await;
import static io.zerofs.storage.engine.VolumeWords.key;
import static io.zerofs.storage.engine.VolumeWords.put;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.index.RocksTuning;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The index on a disk that gets full: writers wait, then fail, and nothing is lost. */
@Tag("slow")
final class FullDiskTest {
    private static final int VALUE_BYTES = 3000;

    private static final long ATTEMPT_NANOS = 1_000_000_000L;
    /** One for the open commit, and one for a commit that is stored but not yet in the index. */
    private static final int ATTEMPTS_ARMED_MAX = 2;

    private final AtomicInteger attemptsArmed = new AtomicInteger();
    private Path disk;
    private StorageVolume volume;

    @BeforeEach
    void mountASmallDisk() throws Exception {
        disk = EngineFixture.temporary().toAbsolutePath();
        int mounted = run("mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", disk.toString());
        assumeTrue(mounted == 0, "a file system can be mounted by root only");
    }

    @AfterEach
    void unmount() throws Exception {
        if (volume != null) {
            volume.close();
        }
        run("umount", disk.toString());
        EngineFixture.delete(disk);
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    @Test
    void aFullDiskIsReportedAndNothingIsLost() throws Exception {
        EngineFixture fixture = new EngineFixture();
        EngineThreads threads = new EngineThreads(8);
        Path directory = disk.resolve("db");
        RocksIndex index = RocksIndex.open(directory, EngineFixture.NATIVE, new RocksTuning(8 << 20, 2 << 20, 6, 1));
        RecoveredVolume recovered = new RecoveredVolume(
                1, 0, Salt.NONE, new MemoryObjectStore(), fixture.keys(), index, directory, threads);
        volume = new StorageVolume(
                recovered,
                Compression.LZ4,
                EngineSettings.DEFAULT,
                counting(threads.runtime()),
                new EngineFixture.QuietKeeper());
        Path ballast = Files.write(disk.resolve("ballast"), new byte[8 << 20]);
        SplittableRandom random = new SplittableRandom(1);
        int[] written = {0};
        VolumeException full = assertThrows(VolumeException.class, () -> {
            while (true) {
                write(written[0], random);
                written[0]++;
            }
        });
        assertEquals(VolumeException.Kind.NO_SPACE, full.kind());
        assertNotNull(volume.get(key("0")));
        volume.onCommitCut(last -> last.put(key("counters"), new byte[8]));
        for (int i = 0; i < 100; i++) {
            volume.barrier();
        }
        assertTrue(attemptsArmed.get() <= ATTEMPTS_ARMED_MAX, attemptsArmed + " attempts for 100 barriers");
        Files.delete(ballast);
        put(volume, "again");
        await(volume.barrier());
        for (int i = 0; i < written[0]; i++) {
            assertEquals(VALUE_BYTES, volume.get(key("" + i)).length);
        }
    }

    /** Counts the attempts that wait for their time: the engine tries again after a second what the index refused. */
    private EngineRuntime counting(EngineRuntime runtime) {
        EngineRuntime.Timer timer = (nanos, task) -> {
            if (nanos != ATTEMPT_NANOS) {
                runtime.timer().after(nanos, task);
                return;
            }
            attemptsArmed.incrementAndGet();
            runtime.timer().after(nanos, () -> {
                attemptsArmed.decrementAndGet();
                task.run();
            });
        };
        return new EngineRuntime(
                runtime.sealing(), runtime.requests(), runtime.uploads(), timer, runtime.nanoTime(), runtime.random());
    }

    private void write(int number, SplittableRandom random) throws VolumeException {
        byte[] value = new byte[VALUE_BYTES];
        random.nextBytes(value);
        Batch batch = volume.newBatch();
        batch.put(key("" + number), value);
        try (Reservation room = volume.reserve(null, VALUE_BYTES + 10)) {
            volume.apply(batch);
        }
    }
}
