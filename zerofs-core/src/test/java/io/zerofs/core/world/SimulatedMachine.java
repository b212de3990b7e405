// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import io.zerofs.core.runtime.Machine;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.random.RandomGenerator;

/** The machine of one process. Outside the world's threads its locks do not lock, because nothing else runs then. */
final class SimulatedMachine implements Machine {
    private static final Instant EPOCH = Instant.parse("2030-01-01T00:00:00Z");

    private final SimulatedProcess process;
    private final RandomGenerator random;
    private final Map<Fiber, List<Fiber.Wait>> joining = new HashMap<>();
    private Duration wallOffset = Duration.ZERO;

    SimulatedMachine(SimulatedProcess process, SplittableRandom random) {
        this.process = process;
        this.random = random;
    }

    @Override
    public long nanoTime() {
        return process.world().now();
    }

    @Override
    public Instant now() {
        return EPOCH.plusNanos(process.world().now()).plus(wallOffset);
    }

    /** Moves the wall clock. */
    void jump(Duration offset) {
        wallOffset = wallOffset.plus(offset);
    }

    @Override
    public RandomGenerator random() {
        return random;
    }

    @Override
    public int processors() {
        return 2;
    }

    @Override
    public void sleep(long nanos) throws InterruptedException {
        Fiber fiber = Fiber.current();
        if (fiber != null && nanos > 0) {
            fiber.newWait().parkInterruptibly(nanos);
        }
    }

    @Override
    public Lock newLock() {
        return new SimulatedLock(process.world());
    }

    @Override
    public ReadWriteLock newReadWriteLock() {
        return new SimulatedReadWriteLock(process.world());
    }

    @Override
    public Task start(String name, Runnable work) {
        return process.spawn(name, work);
    }

    @Override
    public Runnable after(long nanos, Runnable task) {
        boolean[] cancelled = {false};
        process.world().after(nanos, () -> {
            if (process.isAlive() && !cancelled[0]) {
                process.spawn("timer", task);
            }
        });
        return () -> cancelled[0] = true;
    }

    @Override
    public <T> T await(CompletableFuture<T> future) throws InterruptedException, ExecutionException {
        try {
            return await(future, -1);
        } catch (TimeoutException e) {
            throw new AssertionError("a wait without a limit ended", e);
        }
    }

    @Override
    public <T> T await(CompletableFuture<T> future, long nanosMax)
            throws InterruptedException, ExecutionException, TimeoutException {
        Fiber fiber = Fiber.current();
        process.world().rest();
        if (!future.isDone() && fiber != null) {
            Fiber.Wait wait = fiber.newWait();
            future.whenComplete((result, failure) -> wait.end());
            if (!wait.parkInterruptibly(nanosMax) && !future.isDone()) {
                throw new TimeoutException();
            }
        }
        return future.get(0, TimeUnit.NANOSECONDS);
    }

    Task task(Fiber fiber) {
        return new Task() {
            @Override
            public boolean join(long nanosMax) throws InterruptedException {
                Fiber me = Fiber.current();
                if (!fiber.hasEnded() && me != null) {
                    Fiber.Wait wait = me.newWait();
                    joining.computeIfAbsent(fiber, unused -> new ArrayList<>()).add(wait);
                    wait.parkInterruptibly(nanosMax);
                }
                // A thread that never had a turn ends with its process.
                return fiber.hasEnded() || !process.isAlive();
            }

            @Override
            public void interrupt() {
                fiber.interrupt();
                fiber.wakeInterrupted();
            }
        };
    }

    void ended(Fiber fiber) {
        joining.getOrDefault(fiber, List.of()).forEach(Fiber.Wait::end);
        joining.remove(fiber);
    }
}
