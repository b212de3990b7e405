// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.core.trace.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * The events of a trace since the queue was opened, for one thread that takes them. A queue that is full drops events and
 * counts them, and makes no thread wait.
 */
final class TraceQueue<E> implements AutoCloseable {
    private final Trace<E> trace;
    private final BlockingQueue<E> queue;
    private final LongAdder dropped = new LongAdder();
    private final Consumer<E> watcher = this::offer;

    TraceQueue(Trace<E> trace, int eventsMax) {
        this.trace = trace;
        this.queue = new ArrayBlockingQueue<>(eventsMax);
        trace.watch(watcher);
    }

    private void offer(E event) {
        if (!queue.offer(event)) {
            dropped.increment();
        }
    }

    /** Returns the next events, in their order; none if there were none for so long. */
    List<E> next(int max, long millis) throws InterruptedException {
        List<E> events = new ArrayList<>();
        E first = queue.poll(millis, TimeUnit.MILLISECONDS);
        if (first != null) {
            events.add(first);
            queue.drainTo(events, max - 1);
        }
        return events;
    }

    /** Returns the number of events that were dropped since the last call. */
    long takeDropped() {
        return dropped.sumThenReset();
    }

    @Override
    public void close() {
        trace.end(watcher);
    }
}
