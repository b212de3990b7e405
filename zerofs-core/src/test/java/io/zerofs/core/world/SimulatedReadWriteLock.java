// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;

/** A lock of a world that readers share. Not reentrant, so a thread that takes it twice is a failure. */
final class SimulatedReadWriteLock implements ReadWriteLock {
    private final World world;
    private final List<Fiber> readers = new ArrayList<>();
    private final List<Fiber.Wait> waiting = new ArrayList<>();
    private Fiber writer;

    SimulatedReadWriteLock(World world) {
        this.world = world;
    }

    @Override
    public Lock readLock() {
        return new Side(false);
    }

    @Override
    public Lock writeLock() {
        return new Side(true);
    }

    private final class Side implements Lock {
        private final boolean writes;

        Side(boolean writes) {
            this.writes = writes;
        }

        @Override
        public void lock() {
            Fiber me = Fiber.current();
            if (me == null) {
                return;
            }
            if (writer == me || writes && readers.contains(me)) {
                throw new AssertionError(me.getName() + " waits for itself");
            }
            world.rest();
            while (!tryTake(me)) {
                Fiber.Wait wait = me.newWait();
                waiting.add(wait);
                wait.parkFor(() -> writer == null ? readers : List.of(writer));
            }
        }

        private boolean tryTake(Fiber me) {
            if (writer != null || writes && !readers.isEmpty()) {
                return false;
            }
            if (writes) {
                writer = me;
            } else {
                readers.add(me);
            }
            me.holds(1);
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
            if (me != null) {
                world.rest();
            }
            return me == null || tryTake(me);
        }

        @Override
        public boolean tryLock(long time, TimeUnit unit) {
            throw new UnsupportedOperationException("tryLock with a time");
        }

        /** As {@code StampedLock}, lets any thread give back the share of a reader. */
        @Override
        public void unlock() {
            Fiber me = Fiber.current();
            if (me == null || !me.process().isAlive()) {
                return;
            }
            Fiber owner = me;
            if (writes) {
                writer = null;
            } else if (!readers.remove(me)) {
                owner = readers.remove(readers.size() - 1);
            }
            owner.holds(-1);
            waiting.forEach(Fiber.Wait::end);
            waiting.clear();
        }

        @Override
        public Condition newCondition() {
            throw new UnsupportedOperationException("newCondition");
        }
    }
}
