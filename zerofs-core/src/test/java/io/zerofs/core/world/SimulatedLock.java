// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/** A reentrant lock of a world. Its release wakes all threads that wait, and the seed decides which of them takes it. */
final class SimulatedLock implements Lock {
    private static final long FOR_EVER = -1;
    /** Time after which a thread looks whether the owner's process has died. Its system then frees the lock. */
    private static final long LOOK_NANOS = 1_000_000_000;

    private final World world;
    private final List<Fiber.Wait> waiting = new ArrayList<>();
    private Fiber owner;
    private int holds;

    SimulatedLock(World world) {
        this.world = world;
    }

    @Override
    public void lock() {
        Fiber me = Fiber.current();
        if (me != null) {
            if (owner != me) {
                world.rest();
            }
            take(me, 1);
        }
    }

    private void take(Fiber me, int count) {
        while (!tryTake(me, count)) {
            Fiber.Wait wait = me.newWait();
            waiting.add(wait);
            if (owner.process() != me.process()) {
                world.after(LOOK_NANOS, wait::end);
            }
            wait.parkFor(() -> owner == null ? List.of() : List.of(owner));
        }
    }

    private boolean tryTake(Fiber me, int count) {
        if (owner != null && owner != me) {
            if (owner.process().isAlive()) {
                return false;
            }
            holds = 0;
        }
        owner = me;
        holds += count;
        me.holds(count);
        return true;
    }

    @Override
    public void lockInterruptibly() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        lock();
    }

    @Override
    public boolean tryLock() {
        Fiber me = Fiber.current();
        if (me == null) {
            return true;
        }
        world.rest();
        return tryTake(me, 1);
    }

    @Override
    public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
        Fiber me = Fiber.current();
        long end = world.now() + unit.toNanos(time);
        boolean taken = tryLock();
        while (!taken && end > world.now()) {
            Fiber.Wait wait = me.newWait();
            waiting.add(wait);
            wait.parkInterruptibly(end - world.now());
            taken = tryTake(me, 1);
        }
        return taken;
    }

    @Override
    public void unlock() {
        Fiber me = Fiber.current();
        if (me == null || !me.process().isAlive()) {
            return;
        }
        if (owner != me) {
            throw new IllegalMonitorStateException(me.getName() + " does not hold the lock");
        }
        release(1);
    }

    private void release(int count) {
        holds -= count;
        owner.holds(-count);
        if (holds == 0) {
            owner = null;
            waiting.forEach(Fiber.Wait::end);
            waiting.clear();
        }
    }

    @Override
    public Condition newCondition() {
        return new SimulatedCondition();
    }

    private final class SimulatedCondition implements Condition {
        private final Queue<Fiber.Wait> signals = new ArrayDeque<>();

        @Override
        public void await() throws InterruptedException {
            awaitNanos(FOR_EVER);
        }

        @Override
        public long awaitNanos(long nanosMax) throws InterruptedException {
            Fiber me = Fiber.current();
            if (owner != me) {
                throw new IllegalMonitorStateException("the lock of the condition is not held");
            }
            long end = world.now() + nanosMax;
            int count = holds;
            Fiber.Wait wait = me.newWait();
            signals.add(wait);
            release(count);
            try {
                wait.parkInterruptibly(nanosMax);
            } finally {
                signals.remove(wait);
                take(me, count);
            }
            return end - world.now();
        }

        @Override
        public boolean await(long time, TimeUnit unit) throws InterruptedException {
            return awaitNanos(Math.max(0, unit.toNanos(time))) > 0;
        }

        @Override
        public boolean awaitUntil(Date deadline) {
            throw new UnsupportedOperationException("awaitUntil");
        }

        @Override
        public void awaitUninterruptibly() {
            throw new UnsupportedOperationException("awaitUninterruptibly");
        }

        @Override
        public void signal() {
            Fiber.Wait first = signals.poll();
            if (first != null) {
                first.end();
            }
        }

        @Override
        public void signalAll() {
            signals.forEach(Fiber.Wait::end);
            signals.clear();
        }
    }
}
