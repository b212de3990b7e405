// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import io.zerofs.core.runtime.Machine;
import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;

/** Deletes objects with single requests, a few in parallel, for stores without a batch request. Thread-safe. */
public final class ParallelDeletes implements AutoCloseable {
    /** Maximum number of threads besides the callers. */
    private static final int HELPERS_MAX = 8;

    /** Deletes one object. A missing object counts as deleted. */
    public interface Deletion {
        void delete(String name) throws ObjectStoreException;
    }

    private final String threadName;
    private final Deletion deletion;
    private final ParallelSteps steps = new ParallelSteps(this::help, HELPERS_MAX);
    private final Set<Helper> helpers = new LinkedHashSet<>();
    private boolean closed;

    public ParallelDeletes(String threadName, Deletion deletion) {
        this.threadName = threadName;
        this.deletion = deletion;
    }

    /** Does the same as {@link ObjectStore#delete}. */
    public Map<String, ObjectStoreException> delete(Collection<String> names) {
        names.forEach(ObjectName::require);
        List<String> all = List.copyOf(names);
        ObjectStoreException[] failures = new ObjectStoreException[all.size()];
        steps.run(all.size(), i -> failures[i] = failureOf(all.get(i)));
        Map<String, ObjectStoreException> failed = new HashMap<>();
        for (int i = 0; i < failures.length; i++) {
            if (failures[i] != null) {
                failed.put(all.get(i), failures[i]);
            }
        }
        return failed;
    }

    private ObjectStoreException failureOf(String name) {
        if (isClosed()) {
            return new ObjectStoreException(Kind.UNAVAILABLE, "closed before " + name + " was deleted", null);
        }
        try {
            deletion.delete(name);
            return null;
        } catch (ObjectStoreException e) {
            return e;
        } catch (RuntimeException e) {
            return new ObjectStoreException(Kind.UNAVAILABLE, "cannot delete " + name + ": " + e, e);
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private synchronized void help(Runnable work) {
        if (closed || helpers.size() == HELPERS_MAX) {
            throw new RejectedExecutionException("no further helper");
        }
        Helper helper = new Helper(work);
        helper.task = Machine.current().start(threadName, helper);
        helpers.add(helper);
    }

    private synchronized void ended(Helper helper) {
        helpers.remove(helper);
    }

    @Override
    public synchronized void close() {
        closed = true;
        helpers.forEach(helper -> helper.task.interrupt());
    }

    /** A thread for one call. */
    private final class Helper implements Runnable {
        private final Runnable work;
        private Machine.Task task;

        Helper(Runnable work) {
            this.work = work;
        }

        @Override
        public void run() {
            try {
                work.run();
            } finally {
                ended(this);
            }
        }
    }
}
