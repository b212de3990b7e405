// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.core.waiting.WouldBlockException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Test;

final class SimulatedLoopTest {
    private static SimulatedLoop newLoop(World world) {
        return world.newProcess("server").newLoop("loop");
    }

    private static void fails(String why, World.Simulation onALoop) {
        World world = new World(1);
        AssertionError failure = assertThrows(
                AssertionError.class,
                () -> world.run(() -> newLoop(world).call(() -> {
                    onALoop.in(world);
                    return null;
                })));
        assertTrue(failure.getMessage().contains(why), failure.getMessage());
    }

    @Test
    void aLoopServesManyMessagesAndThrowsTheirExceptions() throws Exception {
        World world = new World(1);
        world.run(() -> {
            SimulatedLoop loop = newLoop(world);
            for (int i = 0; i < 10; i++) {
                int message = i;
                assertEquals(i, loop.call(() -> message));
            }
            assertTrue(loop.call(NonBlockingThread::isCurrent));
            assertThrows(
                    WouldBlockException.class,
                    () -> loop.call(() -> {
                        NonBlockingThread.check();
                        return null;
                    }));
            loop.close();
        });
    }

    @Test
    void aLoopThatWaitsFails() {
        fails("an event loop waits", world -> Machine.current().sleep(1));
        fails("an event loop waits", world -> Machine.current().await(new CompletableFuture<>()));
        fails("an event loop waits", world -> {
            Lock lock = Machine.current().newLock();
            lock.lock();
            lock.newCondition().await();
        });
    }

    @Test
    void aLoopThatKeepsALockFails() {
        fails("holds locks: 1", world -> Machine.current().newLock().lock());
        fails(
                "holds locks: 1",
                world -> Machine.current().newReadWriteLock().readLock().lock());
    }

    /** The owner of the lock waits for another lock, whose owner waits for time. */
    private static void waitForALock() throws Exception {
        World world = new World(1);
        world.run(() -> {
            SimulatedProcess server = world.newProcess("server");
            Lock other = server.machine().newLock();
            server.spawn("sleeper", () -> {
                other.lock();
                try {
                    Machine.current().sleep(TimeUnit.SECONDS.toNanos(10));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                other.unlock();
            });
            Machine.current().sleep(TimeUnit.SECONDS.toNanos(5));
            SimulatedLoop loop = server.newLoop("loop");
            Lock first = server.machine().newLock();
            server.spawn("owner", () -> {
                first.lock();
                other.lock();
                other.unlock();
                first.unlock();
            });
            Machine.current().sleep(TimeUnit.SECONDS.toNanos(1));
            loop.call(() -> {
                first.lock();
                first.unlock();
                return null;
            });
        });
    }

    @Test
    void aLoopMayNotWaitForALockWhoseOwnerWaitsForTime() {
        AssertionError failure = assertThrows(AssertionError.class, SimulatedLoopTest::waitForALock);
        assertTrue(failure.getMessage().contains("an event loop waits for a thread that waits"), failure.getMessage());
    }
}
