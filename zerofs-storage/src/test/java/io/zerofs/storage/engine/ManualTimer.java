// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.storage.engine.runtime.EngineRuntime;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;

/** Time that only the test moves. Tasks run on the thread that lets it pass, in the order of their times. */
final class ManualTimer implements EngineRuntime.Timer {
    private record Task(long due, long number, Runnable task) {}

    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::due).thenComparingLong(Task::number));
    private long now;
    private long number;

    @Override
    public synchronized void after(long nanos, Runnable task) {
        tasks.add(new Task(now + nanos, number++, task));
    }

    synchronized long nanoTime() {
        return now;
    }

    void pass(Duration duration) {
        long end;
        synchronized (this) {
            end = now + duration.toNanos();
        }
        for (Task task = next(end); task != null; task = next(end)) {
            task.task.run();
        }
    }

    private synchronized Task next(long end) {
        Task first = tasks.peek();
        if (first == null || first.due > end) {
            now = end;
            return null;
        }
        now = first.due;
        return tasks.poll();
    }
}
