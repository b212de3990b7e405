// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.await;
import static io.zerofs.storage.engine.VolumeWords.failureOf;
import static io.zerofs.storage.engine.VolumeWords.filled;
import static io.zerofs.storage.engine.VolumeWords.read;
import static io.zerofs.storage.engine.VolumeWords.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A store that does not answer for an hour, on a clock that jumps, with the limits of the program. */
final class OutageTest {
    private static final EngineSettings SETTINGS = EngineSettings.DEFAULT;
    private static final int MINUTES = 60;
    private static final int BYTES = 4096;

    @Test
    void anHourWithoutTheStoreFailsOnlyFsyncsAndEndsByItself() throws Exception {
        Seeds.run(3, OutageTest::outage);
    }

    private static void outage(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        EngineFixture fixture = new EngineFixture(random.split());
        SimulatedRuntime simulated = new SimulatedRuntime(random.split());
        EngineRuntime runtime = simulated.runtime();
        FaultyObjectStore store = new FaultyObjectStore(new MemoryObjectStore(), seed);
        StorageVolume volume = fixture.open(store, SETTINGS, runtime, new EngineFixture.QuietKeeper(), () -> {});
        write(volume, 0, 0, filled(BYTES, 1));
        await(done(volume.barrier(), simulated));

        store.setOutage(true);
        for (int minute = 1; minute <= MINUTES; minute++) {
            write(volume, minute, 0, filled(BYTES, minute + 1));
            long asked = runtime.nanoTime().getAsLong();
            assertEquals(VolumeException.Kind.UNAVAILABLE, failureOf(done(volume.barrier(), simulated)));
            assertEquals(SETTINGS.commits().barrierDeadline(), since(asked, runtime));
            assertContent(volume, minute);
        }

        store.setOutage(false);
        long back = runtime.nanoTime().getAsLong();
        await(done(volume.barrier(), simulated));
        Duration took = since(back, runtime);
        assertTrue(took.compareTo(SETTINGS.commits().retryDelayMax().multipliedBy(2)) <= 0, took::toString);
        assertEquals(0, volume.statistics().dirtyBytes());
        volume.close();

        StorageVolume again = fixture.open(store.restarted(), SETTINGS);
        assertContent(again, MINUTES);
        again.close();
    }

    private static void assertContent(StorageVolume volume, int last) throws VolumeException {
        for (int chunk = 0; chunk <= last; chunk++) {
            assertArrayEquals(filled(BYTES, chunk + 1), read(volume, chunk, 0, BYTES));
        }
    }

    private static Duration since(long nanos, EngineRuntime runtime) {
        return Duration.ofNanos(runtime.nanoTime().getAsLong() - nanos);
    }

    private static <T> CompletableFuture<T> done(CompletableFuture<T> future, SimulatedRuntime simulated) {
        while (!future.isDone()) {
            assertTrue(simulated.runOne() || simulated.passTime(), "nobody will ever be answered");
        }
        return future;
    }
}
