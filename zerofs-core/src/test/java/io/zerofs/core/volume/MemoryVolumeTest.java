// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

final class MemoryVolumeTest extends VolumeContract {
    @Override
    protected Volume openEmpty() {
        return new MemoryVolume();
    }

    @Override
    protected Volume crashAndReopen(Volume volume) {
        return ((MemoryVolume) volume).reopen();
    }

    @Override
    protected Volume reopen(Volume closed) {
        return ((MemoryVolume) closed).reopen();
    }
}
