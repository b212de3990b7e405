// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiPredicate;

/** Lets a test do something right before a certain request reaches the store. Thread-safe. */
final class HookedStore extends ForwardingObjectStore {
    private record Hook(BiPredicate<Long, String> when, Action action) {}

    /** The action of a test between two requests. */
    interface Action {
        void run() throws Exception;
    }

    private final AtomicLong count = new AtomicLong();
    private final AtomicReference<Hook> hook = new AtomicReference<>();

    HookedStore(ObjectStore store) {
        super(store);
    }

    /** Requests so far. */
    long count() {
        return count.get();
    }

    /** Runs once, before the request with this number, counted from 1. */
    void beforeRequest(long number, Action action) {
        hook.set(new Hook((n, what) -> n >= number, action));
    }

    /** Runs once, before the first request whose description begins so: {@code put commits/}, {@code list manifests/}. */
    void beforeFirst(String what, Action action) {
        hook.set(new Hook((n, described) -> described.startsWith(what), action));
    }

    /** Whether the action has not run yet. */
    boolean isPending() {
        return hook.get() != null;
    }

    private void announce(String what) {
        long number = count.incrementAndGet();
        Hook pending = hook.get();
        if (pending != null && pending.when().test(number, what) && hook.compareAndSet(pending, null)) {
            try {
                pending.action().run();
            } catch (Exception e) {
                throw new AssertionError("the action of the test failed", e);
            }
        }
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
        announce("put " + name);
        return super.put(name, bytes, condition);
    }

    @Override
    public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
        announce("get " + name);
        return super.get(name, bytesMax);
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        announce("get " + name);
        return super.getRange(name, offset, length);
    }

    @Override
    public List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException {
        announce("list " + prefix);
        return super.list(prefix, after, max);
    }

    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException {
        announce("delete");
        return super.delete(names);
    }
}
