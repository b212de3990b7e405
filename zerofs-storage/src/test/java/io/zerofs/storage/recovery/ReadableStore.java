// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** A store as a credential sees it that may only read. Closing it leaves the other store open. */
final class ReadableStore extends ForwardingObjectStore {
    ReadableStore(ObjectStore store) {
        super(store);
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) {
        throw new AssertionError("a reader puts " + name);
    }

    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) {
        throw new AssertionError("a reader deletes " + names);
    }

    @Override
    public void close() {}
}
