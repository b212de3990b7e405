// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Threads of which one runs at a time. Before and after each request to the store a seed decides which thread
 * continues, so a task may rest in its middle while others run. Time jumps to the next timer. Driven by the thread of
 * the test.
 */
final class InterleavedRuntime {
    private record Timed(long due, long number, Runnable task) implements Comparable<Timed> {
        @Override
        public int compareTo(Timed other) {
            return due != other.due ? Long.compare(due, other.due) : Long.compare(number, other.number);
        }
    }

    private final class Fiber extends Thread {
        private final Runnable task;
        private final Semaphore turn = new Semaphore(0);

        Fiber(Runnable task) {
            this.task = task;
            setDaemon(true);
        }

        @Override
        public void run() {
            turn.acquireUninterruptibly();
            try {
                task.run();
            } finally {
                returned.release();
            }
        }

        void rest() {
            ready.add(this);
            returned.release();
            turn.acquireUninterruptibly();
        }
    }

    private final SplittableRandom random;
    private final List<Fiber> ready = new ArrayList<>();
    private final PriorityQueue<Timed> timers = new PriorityQueue<>();
    private final Semaphore returned = new Semaphore(0);
    private long now;
    private long number;
    private volatile boolean ended;

    InterleavedRuntime(SplittableRandom random) {
        this.random = random;
    }

    EngineRuntime runtime() {
        // The caller of parallel steps waits for its helpers in its turn, so it gets none and does all by itself.
        Executor fibers = task -> {
            if (!isCalledBy(ParallelSteps.class)) {
                ready.add(new Fiber(task));
            }
        };
        return new EngineRuntime(
                fibers,
                fibers,
                fibers,
                (nanos, task) -> timers.add(new Timed(now + nanos, number++, task)),
                () -> now,
                random.split());
    }

    private static boolean isCalledBy(Class<?> type) {
        return StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
                .walk(frames -> frames.anyMatch(frame -> frame.getDeclaringClass() == type));
    }

    /** A store at whose requests threads take turns. */
    ObjectStore takingTurns(ObjectStore store) {
        return new ForwardingObjectStore(store) {
            @Override
            public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition)
                    throws ObjectStoreException {
                rest();
                PutOutcome outcome = super.put(name, bytes, condition);
                rest();
                return outcome;
            }

            @Override
            public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
                rest();
                return super.getRange(name, offset, length);
            }
        };
    }

    private void rest() {
        if (Thread.currentThread() instanceof Fiber fiber && !ended) {
            fiber.rest();
        }
    }

    /** Lets a random thread run up to its next request; false if there is none. */
    boolean runOne() throws InterruptedException {
        if (ready.isEmpty()) {
            return false;
        }
        Fiber fiber = SimulatedRuntime.removeAny(ready, random);
        if (fiber.getState() == Thread.State.NEW) {
            fiber.start();
        }
        fiber.turn.release();
        if (!returned.tryAcquire(1, TimeUnit.MINUTES)) {
            throw new AssertionError("waits in its turn: " + List.of(fiber.getStackTrace()));
        }
        return true;
    }

    /** Lets time pass until the next timer, and runs it; false if there is none. */
    boolean passTime() {
        Timed next = timers.poll();
        if (next == null) {
            return false;
        }
        now = Math.max(now, next.due);
        next.task.run();
        return true;
    }

    /** Lets resting tasks continue without turns. The store should refuse from now on. */
    void end() throws InterruptedException {
        ended = true;
        timers.clear();
        for (Fiber fiber : List.copyOf(ready)) {
            if (fiber.getState() != Thread.State.NEW) {
                fiber.turn.release();
                fiber.join();
            }
        }
    }
}
