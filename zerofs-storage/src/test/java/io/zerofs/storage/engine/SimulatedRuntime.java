// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.storage.engine.runtime.EngineRuntime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * Threads and time on one thread: tasks run one after the other in an order that a seed decides, and time jumps to the
 * next timer when nothing else is left. The same seed gives the same history.
 */
public final class SimulatedRuntime {
    private record Timed(long due, long number, Runnable task) {}

    private final SplittableRandom random;
    private final List<Runnable> ready = new ArrayList<>();
    private final PriorityQueue<Timed> timers =
            new PriorityQueue<>(Comparator.comparingLong(Timed::due).thenComparingLong(Timed::number));
    private long now;
    private long number;

    public SimulatedRuntime(SplittableRandom random) {
        this.random = random;
    }

    public EngineRuntime runtime() {
        return new EngineRuntime(
                ready::add,
                ready::add,
                ready::add,
                (nanos, task) -> timers.add(new Timed(now + nanos, number++, task)),
                () -> now,
                random.split());
    }

    /** Runs one task, a random one of those that could run now; false if there is none. */
    public boolean runOne() {
        if (ready.isEmpty()) {
            return false;
        }
        int last = ready.size() - 1;
        int chosen = random.nextInt(ready.size());
        Runnable task = ready.get(chosen);
        ready.set(chosen, ready.get(last));
        ready.remove(last);
        task.run();
        return true;
    }

    /** Lets time pass until the next timer, and runs it; false if there is none. */
    public boolean passTime() {
        Timed next = timers.poll();
        if (next == null) {
            return false;
        }
        now = Math.max(now, next.due);
        next.task.run();
        return true;
    }

    /** Forgets everything that has not run, as a crash does. */
    public void crash() {
        ready.clear();
        timers.clear();
    }
}
