// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * Simulates threads and time on one thread. Tasks run one after the other in an order that a seed decides. Time jumps
 * to the next timer when no task is left. The same seed repeats the same history.
 */
public final class SimulatedRuntime {
    /** Limits under which some hundred operations lead to commits of every kind, and to compactions. */
    public static final EngineSettings SETTINGS = EngineSettings.DEFAULT
            .with(EngineFixture.memory(1L << 30, 1 << 20))
            .with(EngineSettings.DEFAULT
                    .commits()
                    .withCut(150_000, 400_000)
                    .withFlushInterval(Duration.ofSeconds(5))
                    .withUploads(3, 600_000)
                    .withBarrierDeadline(Duration.ofSeconds(60))
                    .withRetryDelayMax(Duration.ofSeconds(2)))
            .with(EngineFixture.compaction(3, 1000));

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
        removeAny(ready, random).run();
        return true;
    }

    /** Removes a random element of a list whose order does not matter. */
    static <T> T removeAny(List<T> list, SplittableRandom random) {
        Collections.swap(list, random.nextInt(list.size()), list.size() - 1);
        return list.remove(list.size() - 1);
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
