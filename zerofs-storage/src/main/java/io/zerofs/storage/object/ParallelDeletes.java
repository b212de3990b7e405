// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Deletes objects with single requests, a few in parallel, for stores without a batch request. Thread-safe. */
public final class ParallelDeletes implements AutoCloseable {
    private static final int THREADS = 8;
    private static final long IDLE_SECONDS = 30;

    /** Deletes one object. A missing object counts as deleted. */
    public interface Deletion {
        void delete(String name) throws ObjectStoreException;
    }

    private final Deletion deletion;
    private final ThreadPoolExecutor threads;

    public ParallelDeletes(String threadName, Deletion deletion) {
        this.deletion = deletion;
        this.threads = new ThreadPoolExecutor(
                THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, threadName);
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
    }

    /** Does the same as {@link ObjectStore#delete}. The caller's thread deletes a single object. */
    public Map<String, ObjectStoreException> delete(Collection<String> names) {
        names.forEach(ObjectName::require);
        Map<String, ObjectStoreException> failed = new HashMap<>();
        if (names.size() == 1) {
            String name = names.iterator().next();
            try {
                deletion.delete(name);
            } catch (ObjectStoreException e) {
                failed.put(name, e);
            }
            return failed;
        }
        Map<String, Future<?>> running = new LinkedHashMap<>();
        for (String name : names) {
            running.put(name, submit(name));
        }
        running.forEach((name, result) -> {
            ObjectStoreException e = failureOf(name, result);
            if (e != null) {
                failed.put(name, e);
            }
        });
        return failed;
    }

    private Future<?> submit(String name) {
        ExecutorService executor = threads;
        return executor.submit(() -> {
            deletion.delete(name);
            return null;
        });
    }

    private static ObjectStoreException failureOf(String name, Future<?> result) {
        try {
            result.get();
            return null;
        } catch (ExecutionException e) {
            return e.getCause() instanceof ObjectStoreException failure
                    ? failure
                    : new ObjectStoreException(Kind.UNAVAILABLE, "cannot delete " + name + ": " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new ObjectStoreException(Kind.UNAVAILABLE, "interrupted before " + name + " was deleted", e);
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
