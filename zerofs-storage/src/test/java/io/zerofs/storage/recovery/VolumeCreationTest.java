// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.checkpoint.LocalDirectory;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class VolumeCreationTest {
    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    @Test
    void anEmptyStoreStaysEmptyWithoutPermissionToCreate() throws Exception {
        Process process = fixture.process();
        process.settings = LifecycleFixture.SETTINGS.creatingVolume(false);

        OpenException e = assertThrows(OpenException.class, process::open);

        assertEquals(OpenException.Kind.NO_VOLUME, e.kind());
        assertTrue(e.getMessage().contains(fixture.bucket.describe()), e.getMessage());
        assertEquals(List.of(), fixture.names(""));
    }

    @Test
    void aVolumeThatIsThereNeedsNoPermissionToCreate() throws Exception {
        fixture.process().open().write(0, "a").shutDown();
        Process process = fixture.process();
        process.settings = LifecycleFixture.SETTINGS.creatingVolume(false);

        assertEquals("a", process.open().read(0));
    }

    @Test
    void anEmptyStoreWhereAVolumeWasIsNoReasonToMakeANewOne() throws Exception {
        Path cache = fixture.newDirectory();
        Process first = fixture.process(cache).open().write(0, "a");
        String volume = first.recovered.keys().volume().toString();
        first.shutDown();
        MemoryObjectStore unmounted = new MemoryObjectStore();

        OpenException e = assertThrows(
                OpenException.class, () -> fixture.process(cache, unmounted).open());

        assertEquals(OpenException.Kind.VOLUME_GONE, e.kind());
        assertTrue(e.getMessage().contains(volume), e.getMessage());
        assertTrue(e.getMessage().contains(unmounted.describe()), e.getMessage());
        assertEquals(List.of(), unmounted.list("", "", 10));

        LocalDirectory.delete(cache.resolve(volume));
        fixture.process(cache, unmounted).open();
    }
}
