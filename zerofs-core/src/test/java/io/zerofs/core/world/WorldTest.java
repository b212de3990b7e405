// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.runtime.Machine;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Test;

final class WorldTest {
    /** Two threads, each of which adds its letter three times under a lock. */
    private static String letters(World world) throws Exception {
        StringBuilder text = new StringBuilder();
        world.run(() -> {
            Lock lock = Machine.current().newLock();
            List<Machine.Task> tasks = new ArrayList<>();
            for (char letter : "ab".toCharArray()) {
                tasks.add(Machine.current().start("writer", () -> {
                    for (int i = 0; i < 3; i++) {
                        lock.lock();
                        try {
                            text.append(letter);
                        } finally {
                            lock.unlock();
                        }
                    }
                }));
            }
            for (Machine.Task task : tasks) {
                assertTrue(task.join(TimeUnit.SECONDS.toNanos(1)));
            }
        });
        return text.toString();
    }

    @Test
    void aSeedDecidesTheOrderOfThreads() throws Exception {
        Set<String> orders = new HashSet<>();
        Set<Long> digests = new HashSet<>();
        for (int seed = 0; seed < 300; seed++) {
            World first = World.punctual(seed);
            World second = World.punctual(seed);
            String order = letters(first);
            assertEquals(order, letters(second), "the second world of seed " + seed);
            assertEquals(first.digest(), second.digest(), "digest of seed " + seed);
            orders.add(order);
            digests.add(first.digest());
        }
        assertEquals(20, orders.size(), "all orders of aaabbb");
        assertTrue(digests.size() > 50, "different worlds have different digests");
    }

    @Test
    void timePassesOnlyWhenNoThreadCanRun() throws Exception {
        Seeds.run(20, seed -> {
            World world = World.punctual(seed);
            world.run(() -> {
                Machine machine = Machine.current();
                long began = machine.nanoTime();
                machine.sleep(TimeUnit.HOURS.toNanos(5));
                assertEquals(TimeUnit.HOURS.toNanos(5), machine.nanoTime() - began);
                CompletableFuture<String> later = new CompletableFuture<>();
                machine.after(TimeUnit.HOURS.toNanos(2), () -> later.complete("done"));
                assertThrows(TimeoutException.class, () -> machine.await(later, TimeUnit.HOURS.toNanos(1)));
                assertEquals("done", machine.await(later));
                assertEquals(TimeUnit.HOURS.toNanos(7), machine.nanoTime() - began);
            });
        });
    }

    @Test
    void conditionsWakeAThreadInTimeOrAfterTheTime() throws Exception {
        Seeds.run(
                20,
                seed -> World.punctual(seed).run(() -> {
                    Machine machine = Machine.current();
                    Lock lock = machine.newLock();
                    Condition changed = lock.newCondition();
                    boolean[] set = {false};
                    machine.after(1000, () -> {
                        lock.lock();
                        set[0] = true;
                        changed.signal();
                        lock.unlock();
                    });
                    lock.lock();
                    while (!set[0]) {
                        assertTrue(changed.awaitNanos(1_000_000_000_000L) > 0);
                    }
                    assertFalse(changed.await(1, TimeUnit.SECONDS));
                    lock.unlock();
                }));
    }

    @Test
    void threadsThatWaitForEachOtherAreReported() {
        World world = new World(1);
        AssertionError failure = assertThrows(
                AssertionError.class,
                () -> world.run(() -> {
                    Machine.current().await(new CompletableFuture<Void>());
                }));
        assertTrue(failure.getMessage().contains("all threads wait for each other"), failure::getMessage);
        assertTrue(failure.getMessage().contains("threadsThatWaitForEachOtherAreReported"), failure::getMessage);
    }

    @Test
    void aKilledProcessDoesNotGoOn() throws Exception {
        Seeds.run(20, seed -> {
            World world = World.punctual(seed);
            List<String> seen = new ArrayList<>();
            world.run(() -> {
                SimulatedProcess other = world.newProcess("other");
                Lock lock = other.machine().newLock();
                other.spawn("owner", () -> {
                    lock.lock();
                    try {
                        Machine.current().sleep(1_000_000);
                        seen.add("went on");
                    } catch (InterruptedException e) {
                        seen.add("interrupted");
                    } finally {
                        lock.unlock();
                    }
                });
                Machine.current().sleep(1);
                other.spawn("waiter", () -> {
                    lock.lock();
                    seen.add("took a dead lock");
                });
                Machine.current().sleep(1000);
                other.kill();
                Machine.current().sleep(10_000_000);
            });
            assertEquals(List.of(), seen);
        });
    }

    @Test
    void aFrozenProcessRestsWhileTimePasses() throws Exception {
        World.punctual(3).run(() -> {
            World world = Fiber.current().process().world();
            SimulatedProcess other = world.newProcess("other");
            CompletableFuture<Long> woke = new CompletableFuture<>();
            other.spawn("sleeper", () -> {
                try {
                    Machine.current().sleep(1000);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                woke.complete(Machine.current().nanoTime());
            });
            other.setFrozen(true);
            Machine.current().sleep(1_000_000);
            assertFalse(woke.isDone());
            long thawed = world.now();
            other.setFrozen(false);
            assertTrue(Machine.current().await(woke) >= thawed);
        });
    }

    @Test
    void anInterruptEndsASleep() throws Exception {
        World.punctual(4).run(() -> {
            List<String> seen = new ArrayList<>();
            Machine.Task task = Machine.current().start("sleeper", () -> {
                try {
                    Machine.current().sleep(TimeUnit.DAYS.toNanos(1));
                } catch (InterruptedException e) {
                    seen.add("interrupted");
                }
            });
            assertFalse(task.join(1000));
            task.interrupt();
            assertTrue(task.join(1000));
            assertEquals(List.of("interrupted"), seen);
        });
    }

    @Test
    void worldsOfDifferentSeedsDiffer() throws Exception {
        World first = new World(1);
        World second = new World(2);
        letters(first);
        letters(second);
        assertNotEquals(first.digest(), second.digest());
    }
}
