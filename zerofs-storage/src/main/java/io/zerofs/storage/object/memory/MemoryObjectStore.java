// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.memory;

import io.zerofs.storage.object.ObjectName;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/** Objects in a sorted map. Closing the store keeps them, so that the next opening finds them. */
public final class MemoryObjectStore implements ObjectStore {
    private record Entry(byte[] bytes, String version) {}

    private final ConcurrentSkipListMap<String, Entry> objects = new ConcurrentSkipListMap<>();
    private final AtomicLong versions = new AtomicLong();

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) {
        ObjectName.require(name);
        Entry entry = new Entry(copyOf(bytes), Long.toString(versions.incrementAndGet()));
        boolean stored;
        if (condition instanceof IfVersion expected) {
            Entry current = objects.get(name);
            stored = current != null
                    && current.version().equals(expected.version())
                    && objects.replace(name, current, entry);
        } else {
            stored = objects.putIfAbsent(name, entry) == null;
        }
        return stored ? PutOutcome.STORED : PutOutcome.REFUSED;
    }

    @Override
    public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
        Entry entry = entry(name);
        if (entry.bytes().length > bytesMax) {
            throw new ObjectStoreException(
                    Kind.TOO_LARGE,
                    name + " has " + entry.bytes().length + " bytes, at most " + bytesMax + " are accepted",
                    null);
        }
        return new StoredObject(ByteBuffer.wrap(entry.bytes().clone()), entry.version());
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        Entry entry = entry(name);
        if (offset > entry.bytes().length - (long) length) {
            throw new ObjectStoreException(
                    Kind.TRUNCATED,
                    name + " has " + entry.bytes().length + " bytes, " + length + " at " + offset + " were asked for",
                    null);
        }
        byte[] range = new byte[length];
        System.arraycopy(entry.bytes(), (int) offset, range, 0, length);
        return new StoredObject(ByteBuffer.wrap(range), entry.version());
    }

    @Override
    public List<ObjectInfo> list(String prefix, String after, int max) {
        ObjectName.requirePrefix(prefix);
        List<ObjectInfo> page = new ArrayList<>();
        boolean prefixFirst = after.compareTo(prefix) < 0;
        for (Map.Entry<String, Entry> object :
                objects.tailMap(prefixFirst ? prefix : after, prefixFirst).entrySet()) {
            if (page.size() == max || !object.getKey().startsWith(prefix)) {
                break;
            }
            page.add(new ObjectInfo(object.getKey(), object.getValue().bytes().length));
        }
        return page;
    }

    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) {
        names.forEach(name -> objects.remove(ObjectName.require(name)));
        return Map.of();
    }

    @Override
    public String describe() {
        return "memory";
    }

    @Override
    public void close() {
        // the objects stay for the next opening
    }

    private Entry entry(String name) throws ObjectStoreException {
        Entry entry = objects.get(ObjectName.require(name));
        if (entry == null) {
            throw new ObjectStoreException(Kind.NOT_FOUND, name + " does not exist in memory", null);
        }
        return entry;
    }

    private static byte[] copyOf(List<ByteBuffer> buffers) {
        byte[] bytes = new byte[buffers.stream().mapToInt(ByteBuffer::remaining).reduce(0, Math::addExact)];
        ByteBuffer target = ByteBuffer.wrap(bytes);
        buffers.forEach(buffer -> target.put(buffer.duplicate()));
        return bytes;
    }
}
