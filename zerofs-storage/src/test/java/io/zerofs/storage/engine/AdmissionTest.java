// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.put;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The room of writers, and their wait for a checkpoint. */
final class AdmissionTest {
    private final AtomicLong clock = new AtomicLong();
    private final FullLog log = new FullLog();
    private StorageVolume volume;

    /** A log that is full until somebody has waited so often. */
    private final class FullLog extends EngineFixture.QuietKeeper {
        private volatile int waits;
        private volatile String failure;

        @Override
        public boolean hasRoom() {
            return waits == 0;
        }

        @Override
        public boolean awaitRoom(long nanosMax) {
            clock.addAndGet(Duration.ofSeconds(10).toNanos());
            waits--;
            return hasRoom();
        }

        @Override
        public String failure() {
            return failure;
        }
    }

    @BeforeEach
    void open() throws Exception {
        EngineThreads threads = new EngineThreads(8);
        EngineRuntime real = threads.runtime();
        EngineRuntime runtime = new EngineRuntime(
                real.sealing(), real.requests(), real.uploads(), real.timer(), clock::get, real.random());
        volume = new EngineFixture().open(new MemoryObjectStore(), EngineSettings.DEFAULT, runtime, log, threads);
    }

    @AfterEach
    void close() throws Exception {
        log.waits = 0;
        volume.close();
    }

    @Test
    void writersLearnWhyNoCheckpointCanBePublished() {
        log.waits = Integer.MAX_VALUE;
        log.failure = "403 AccessDenied for sst/";
        VolumeException failure = assertThrows(VolumeException.class, () -> put(volume, "key"));
        assertEquals(VolumeException.Kind.UNAVAILABLE, failure.kind());
        assertTrue(failure.getMessage().contains(log.failure), failure::getMessage);
    }

    @Test
    void reservationThatIsClosedTwiceReturnsItsRoomOnce() throws Exception {
        Reservation room = volume.reserve(null, 1000);
        room.close();
        room.close();
        assertEquals(0, volume.statistics().dirtyBytes());
    }

    @Test
    void writersWaitForACheckpointThatIsOnlySlow() throws Exception {
        log.waits = 100;
        put(volume, "key");
    }
}
