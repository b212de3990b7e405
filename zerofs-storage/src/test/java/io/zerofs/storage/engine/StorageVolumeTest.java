// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeContract;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.util.IdentityHashMap;
import java.util.Map;

/** The contract of every volume, on a store in memory. */
class StorageVolumeTest extends VolumeContract {
    private record Opened(EngineFixture fixture, MemoryObjectStore store) {}

    private final Map<Volume, Opened> opened = new IdentityHashMap<>();

    @Override
    protected Volume openEmpty() throws Exception {
        return open(new Opened(new EngineFixture(), new MemoryObjectStore()));
    }

    @Override
    protected Volume crashAndReopen(Volume volume) throws Exception {
        ((StorageVolume) volume).stop(new VolumeException(VolumeException.Kind.CLOSED, "crashed"));
        volume.close();
        return open(opened.get(volume));
    }

    @Override
    protected Volume reopen(Volume closed) throws Exception {
        return open(opened.get(closed));
    }

    private Volume open(Opened how) throws Exception {
        Volume volume = how.fixture().open(how.store(), EngineSettings.DEFAULT);
        opened.put(volume, how);
        return volume;
    }
}
