// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A store in memory whose puts wait until the test lets them go, in whatever order it wants. */
final class HeldStore extends ForwardingObjectStore {
    private final Map<String, CompletableFuture<Void>> held = new TreeMap<>();
    private boolean holding;
    private int puts;
    private int gets;

    HeldStore() {
        super(new MemoryObjectStore());
    }

    synchronized void hold(boolean on) {
        holding = on;
        if (!on) {
            held.values().forEach(put -> put.complete(null));
            held.clear();
        }
    }

    /** From now on puts do not wait; the held ones do. */
    synchronized void passLater() {
        holding = false;
    }

    /** Waits until so many puts are held, and names them in order. */
    synchronized List<String> awaitHeld(int count) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (held.size() < count) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("held are only " + held.keySet());
            }
            wait(100);
        }
        return List.copyOf(held.keySet());
    }

    synchronized void release(String name) {
        held.remove(name).complete(null);
    }

    synchronized int puts() {
        return puts;
    }

    synchronized int gets() {
        return gets;
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
        CompletableFuture<Void> permit = CompletableFuture.completedFuture(null);
        synchronized (this) {
            puts++;
            if (holding) {
                permit = new CompletableFuture<>();
                held.put(name, permit);
                notifyAll();
            }
        }
        permit.join();
        return store.put(name, bytes, condition);
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        synchronized (this) {
            gets++;
        }
        return store.getRange(name, offset, length);
    }

    @Override
    public String describe() {
        return "held";
    }

    @Override
    public void close() {}
}
