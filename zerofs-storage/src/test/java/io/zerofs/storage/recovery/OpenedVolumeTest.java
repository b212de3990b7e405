// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeContract;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.util.IdentityHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;

/** The contract of every volume, through the whole way of opening; a crash loses the local directory. */
class OpenedVolumeTest extends VolumeContract {
    private final Map<Volume, Process> processes = new IdentityHashMap<>();
    private LifecycleFixture fixture;

    @AfterEach
    void closeFixture() throws Exception {
        fixture.close();
    }

    @Override
    protected Volume openEmpty() throws Exception {
        fixture = new LifecycleFixture();
        return open(fixture.process());
    }

    @Override
    protected Volume crashAndReopen(Volume volume) throws Exception {
        processes.get(volume).kill();
        return open(fixture.process());
    }

    @Override
    protected Volume reopen(Volume closed) throws Exception {
        return open(fixture.process(processes.get(closed).cacheDirectory));
    }

    private Volume open(Process process) throws Exception {
        process.open();
        processes.put(process.volume, process);
        return process.volume;
    }
}
