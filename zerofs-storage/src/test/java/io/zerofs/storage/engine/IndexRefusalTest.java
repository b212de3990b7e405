// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import static io.zerofs.storage.engine.VolumeWords.await;
import static io.zerofs.storage.engine.VolumeWords.filled;
import static io.zerofs.storage.engine.VolumeWords.key;
import static io.zerofs.storage.engine.VolumeWords.put;
import static io.zerofs.storage.engine.VolumeWords.read;
import static io.zerofs.storage.engine.VolumeWords.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/** A batch that the index refuses is in no log, and a short refusal costs only a short time. */
final class IndexRefusalTest {
    private static final Status BUSY = new Status(Status.Code.Incomplete, Status.SubCode.None, "a write would wait");
    private static final Status FULL = new Status(Status.Code.IOError, Status.SubCode.NoSpace, "no space");
    private static final Status BROKEN = new Status(Status.Code.IOError, Status.SubCode.None, "input/output error");

    private final MemoryObjectStore store = new MemoryObjectStore();
    private final EngineFixture fixture = new EngineFixture().writing(this::writeOrRefuse);
    private final EngineThreads threads = new EngineThreads(8);
    private final ManualTimer timer = new ManualTimer();
    private final AtomicLong clock = new AtomicLong();
    private final AtomicInteger refusals = new AtomicInteger();
    private final CountDownLatch armed = new CountDownLatch(1);
    private volatile Status refused = BUSY;
    private volatile long nanosPerLook;
    private StorageVolume volume;

    private void writeOrRefuse(RocksDB database, WriteOptions options, WriteBatch batch) throws RocksDBException {
        if (refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            throw new RocksDBException(refused);
        }
        database.write(options, batch);
    }

    @BeforeEach
    void open() throws Exception {
        EngineRuntime real = threads.runtime();
        EngineRuntime runtime = new EngineRuntime(
                real.sealing(),
                real.requests(),
                real.uploads(),
                (nanos, task) -> {
                    timer.after(nanos, task);
                    if (nanos < Duration.ofSeconds(1).toNanos()) {
                        armed.countDown();
                    }
                },
                () -> clock.addAndGet(nanosPerLook),
                real.random());
        volume = fixture.open(store, EngineSettings.DEFAULT, runtime, new EngineFixture.QuietKeeper(), threads);
    }

    @AfterEach
    void close() throws Exception {
        volume.close();
    }

    private void reopen() throws Exception {
        volume.close();
        volume = fixture.open(store, EngineSettings.DEFAULT);
    }

    @Test
    void aBatchThatTheIndexRefusesIsNotInTheLog() throws Exception {
        write(volume, 0, 0, filled(100, 1));
        refusals.set(1);
        VolumeException failure = assertThrows(VolumeException.class, () -> put(volume, "refused"));
        assertEquals(VolumeException.Kind.NO_SPACE, failure.kind());
        put(volume, "taken");
        refusals.set(1);
        assertThrows(VolumeException.class, () -> write(volume, 1, 0, filled(100, 2)));
        put(volume, "last");
        reopen();
        assertNull(volume.get(key("refused")));
        assertNotNull(volume.get(key("taken")));
        assertNotNull(volume.get(key("last")));
        assertArrayEquals(filled(100, 1), read(volume, 0, 0, 100));
        assertArrayEquals(filled(100, 0), read(volume, 1, 0, 100));
    }

    @Test
    void aBatchThatMayBeHalfAppliedEndsTheEngineAndIsNotInTheLog() throws Exception {
        put(volume, "before");
        await(volume.barrier());
        refused = BROKEN;
        refusals.set(1);
        VolumeException failure = assertThrows(VolumeException.class, () -> put(volume, "doubtful"));
        assertEquals(VolumeException.Kind.DISK, failure.kind());
        assertEquals(
                VolumeException.Kind.DISK,
                assertThrows(VolumeException.class, () -> put(volume, "after")).kind());
        reopen();
        assertNotNull(volume.get(key("before")));
        assertNull(volume.get(key("doubtful")));
    }

    @Test
    void aCommitThatTheIndexRefusesForAMomentIsAppliedAMomentLater() throws Exception {
        put(volume, "key");
        refusals.set(1);
        CompletableFuture<Void> barrier = volume.barrier();
        assertTrue(armed.await(1, TimeUnit.MINUTES), "it is not tried again");
        timer.pass(Duration.ofMillis(10));
        await(barrier);
    }

    @Test
    void writersWaitForASlowDiskAsLongAsItTakes() throws Exception {
        refusals.set(1);
        assertThrows(VolumeException.class, () -> put(volume, "refused"));
        nanosPerLook = Duration.ofSeconds(10).toNanos();
        refusals.set(20);
        put(volume, "key");
        assertEquals(0, refusals.get());
    }

    @Test
    void writersLearnThatTheDiskIsFull() {
        refused = FULL;
        refusals.set(1);
        assertThrows(VolumeException.class, () -> put(volume, "refused"));
        nanosPerLook = Duration.ofSeconds(10).toNanos();
        refusals.set(Integer.MAX_VALUE);
        VolumeException failure = assertThrows(VolumeException.class, () -> put(volume, "key"));
        refusals.set(0);
        assertEquals(VolumeException.Kind.NO_SPACE, failure.kind());
        assertTrue(failure.getMessage().contains("full"), failure::getMessage);
    }
}
