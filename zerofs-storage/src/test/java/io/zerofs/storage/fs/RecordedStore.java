// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.fs;

import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * An empty store in memory that remembers each of its states. A process that dies at any request leaves one of them: a
 * request that changes nothing leaves the state before it. Thread-safe.
 */
final class RecordedStore extends ForwardingObjectStore {
    /** A change: the bytes of a new object, or null for a deleted one. */
    private record Change(String name, byte[] bytes) {}

    private final List<Change> changes = new ArrayList<>();

    RecordedStore() {
        super(new MemoryObjectStore());
    }

    @Override
    public synchronized PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition)
            throws ObjectStoreException {
        PutOutcome outcome = super.put(name, bytes, condition);
        if (outcome == PutOutcome.STORED) {
            ByteBuffer stored = super.get(name, Integer.MAX_VALUE).bytes();
            byte[] copy = new byte[stored.remaining()];
            stored.get(copy);
            changes.add(new Change(name, copy));
        }
        return outcome;
    }

    @Override
    public synchronized Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException {
        names.forEach(name -> changes.add(new Change(name, null)));
        return super.delete(names);
    }

    /** Returns the number of states so far, without the empty one. */
    synchronized int states() {
        return changes.size();
    }

    /** Returns the store as it was after so many changes. */
    synchronized MemoryObjectStore state(int count) throws ObjectStoreException {
        MemoryObjectStore state = new MemoryObjectStore();
        for (Change change : changes.subList(0, count)) {
            state.delete(List.of(change.name()));
            if (change.bytes() != null) {
                state.put(change.name(), List.of(ByteBuffer.wrap(change.bytes())), new ObjectStore.IfAbsent());
            }
        }
        return state;
    }
}
