// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeContract;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The contract of every volume, with each read through a view that writes nothing. */
class ReadOnlyVolumeTest extends VolumeContract {
    private record Opened(LifecycleFixture fixture, Process process, VolumeReader reader) {}

    private final Map<Volume, Opened> opened = new IdentityHashMap<>();
    private final Deque<LifecycleFixture> fixtures = new ArrayDeque<>();

    @AfterEach
    void closeFixtures() throws Exception {
        for (Map.Entry<Volume, Opened> one : opened.entrySet()) {
            one.getKey().close();
            one.getValue().reader().close();
        }
        while (!fixtures.isEmpty()) {
            fixtures.pop().close();
        }
    }

    @Override
    protected Volume openEmpty() throws Exception {
        LifecycleFixture its = new LifecycleFixture();
        fixtures.push(its);
        return open(its, its.process());
    }

    @Override
    protected Volume crashAndReopen(Volume volume) throws Exception {
        Opened crashed = opened.get(volume);
        crashed.process().kill();
        return open(crashed.fixture(), crashed.fixture().process());
    }

    @Override
    protected Volume reopen(Volume closed) throws Exception {
        Opened before = opened.get(closed);
        return open(before.fixture(), before.fixture().process(before.process().cacheDirectory));
    }

    private Volume open(LifecycleFixture fixture, Process process) throws Exception {
        process.open();
        VolumeReader reader = fixture.reader(process);
        Volume volume =
                new ReadingVolume(process.volume, () -> reader.openNewest().volume(), 3);
        opened.put(volume, new Opened(fixture, process, reader));
        return volume;
    }

    @Test
    void eachChangeIsRefused() throws Exception {
        volume.barrier().get(1, TimeUnit.MINUTES);
        try (VolumeReader.View view = opened.get(volume).reader().openNewest()) {
            Volume reading = view.volume();
            Batch batch = reading.newBatch();
            batch.put(new byte[] {1}, new byte[] {1});
            assertRefused(() -> reading.reserve(null, 1));
            assertRefused(() -> reading.apply(batch));
            reading.barrier().get(1, TimeUnit.MINUTES);
            assertEquals(volume.id(), reading.id());
            assertEquals(volume.epoch(), reading.epoch());
            assertArrayEquals(null, reading.get(new byte[] {1}));
        }
    }

    private static void assertRefused(Executable change) {
        assertEquals(
                VolumeException.Kind.READ_ONLY,
                assertThrows(VolumeException.class, change).kind());
    }
}
