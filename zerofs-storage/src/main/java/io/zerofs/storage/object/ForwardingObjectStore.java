// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Hands each call to another store. Subclasses override the calls that they change. Thread-safe if the other one is. */
public class ForwardingObjectStore implements ObjectStore {
    protected final ObjectStore store;

    /** @param store closed together with this */
    public ForwardingObjectStore(ObjectStore store) {
        this.store = store;
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
        return store.put(name, bytes, condition);
    }

    @Override
    public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
        return store.get(name, bytesMax);
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        return store.getRange(name, offset, length);
    }

    @Override
    public List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException {
        return store.list(prefix, after, max);
    }

    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException {
        return store.delete(names);
    }

    @Override
    public Traffic traffic() {
        return store.traffic();
    }

    @Override
    public String describe() {
        return store.describe();
    }

    @Override
    public void close() {
        store.close();
    }
}
