// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.memory;

import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreContract;

class MemoryObjectStoreTest extends ObjectStoreContract {
    @Override
    protected ObjectStore openEmpty() {
        return new MemoryObjectStore();
    }

    @Override
    protected int raceRounds() {
        return 200;
    }
}
