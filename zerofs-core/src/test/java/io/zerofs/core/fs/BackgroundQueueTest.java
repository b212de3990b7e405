// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.runtime.Machine;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The queue of removals is bounded. If it has no room for a removal, it finds the removal in the volume later. */
final class BackgroundQueueTest {
    private static final int WAITING_MAX = 8;
    private static final int INODES = 1000;
    private static final Duration SOON = Duration.ofMillis(1);

    private final BackgroundQueue queue = new BackgroundQueue(WAITING_MAX, SOON, Duration.ofMillis(50));

    @AfterEach
    void stop() {
        queue.stop();
    }

    /** An unexpected failure must not end removal, because only a restart would resume it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anUnexpectedExceptionIsFollowedByAnotherAttempt(boolean whileLooking) throws Exception {
        AtomicInteger failures = new AtomicInteger();
        AtomicInteger steps = new AtomicInteger();
        queue.start(new BackgroundQueue.Worker() {
            @Override
            public boolean step(long inode) {
                failSometimes(!whileLooking);
                steps.incrementAndGet();
                return false;
            }

            @Override
            public boolean recover() {
                failSometimes(whileLooking);
                return false;
            }

            private void failSometimes(boolean now) {
                if (now && failures.getAndIncrement() < 3) {
                    throw new IllegalStateException("of this test");
                }
            }
        });
        queue.add(7);

        queue.awaitIdle();

        assertEquals(1, steps.get());
        assertEquals(3, queue.restarts());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTaskThatAlwaysFailsDelaysNoOther(boolean whileLooking) throws Exception {
        BackgroundQueue patient = new BackgroundQueue(WAITING_MAX, Duration.ofHours(1), Duration.ofMillis(50));
        CountDownLatch failed = new CountDownLatch(1);
        CountDownLatch removed = new CountDownLatch(2);
        patient.start(new BackgroundQueue.Worker() {
            @Override
            public boolean step(long inode) {
                if (inode == 7) {
                    fail();
                }
                removed.countDown();
                return false;
            }

            @Override
            public boolean recover() {
                if (whileLooking) {
                    fail();
                }
                return false;
            }

            private void fail() {
                failed.countDown();
                throw new IllegalStateException("of this test");
            }
        });
        if (!whileLooking) {
            patient.add(7);
        }
        assertTrue(failed.await(30, TimeUnit.SECONDS));
        patient.add(8);
        patient.add(9);

        assertTrue(removed.await(30, TimeUnit.SECONDS));
        assertEquals(1, patient.restarts());
        assertTrue(patient.stop());
    }

    /** Each search succeeds at first and fails later, like one that ends with the count of an old volume. */
    @Test
    void aSearchThatAlwaysFailsInTheEndRestsLongerEachTime() throws Exception {
        int attempts = 10;
        CountDownLatch failures = new CountDownLatch(attempts);
        BackgroundQueue patient = new BackgroundQueue(WAITING_MAX, Duration.ofMillis(1), Duration.ofMillis(50));
        long began = System.nanoTime();
        patient.start(new BackgroundQueue.Worker() {
            private boolean atEnd;

            @Override
            public boolean step(long inode) {
                return false;
            }

            @Override
            public boolean recover() {
                atEnd = !atEnd;
                if (!atEnd) {
                    failures.countDown();
                    throw new IllegalStateException("of this test");
                }
                return true;
            }
        });

        assertTrue(failures.await(30, TimeUnit.SECONDS));

        // 1, 2, 4 and so on up to 256 ms.
        assertTrue(System.nanoTime() - began >= TimeUnit.MILLISECONDS.toNanos(511));
        assertTrue(patient.stop());
    }

    /** They are found in the volume again. */
    @Test
    void inodesThatCannotBeRemovedLeaveRoomForOthers() throws Exception {
        Set<Long> failing = ConcurrentHashMap.newKeySet();
        CountDownLatch removed = new CountDownLatch(1);
        queue.start(new BackgroundQueue.Worker() {
            @Override
            public boolean step(long inode) {
                if (inode < 100) {
                    failing.add(inode);
                    throw new IllegalStateException("of this test");
                }
                removed.countDown();
                return false;
            }

            @Override
            public boolean recover() {
                failing.forEach(queue::add);
                return false;
            }
        });
        for (long inode = 1; inode < 100; inode++) {
            queue.add(inode);
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!removed.await(1, TimeUnit.MILLISECONDS)) {
            assertTrue(System.nanoTime() < deadline, "no room for an inode that can be removed");
            queue.add(100);
        }
    }

    /** A lock that another thread has takes memory. */
    @Test
    void aLockWithoutMemoryEndsNothing() throws Exception {
        AtomicBoolean fails = new AtomicBoolean();
        CompletableFuture<BackgroundQueue> made = new CompletableFuture<>();
        Runnable making = () -> made.complete(new BackgroundQueue(WAITING_MAX, SOON, Duration.ofSeconds(30)));
        new CarryingThread(machineWith(fails), making).start();
        BackgroundQueue hungry = made.get(30, TimeUnit.SECONDS);
        CountDownLatch steps = new CountDownLatch(2);
        hungry.start(new BackgroundQueue.Worker() {
            @Override
            public boolean step(long inode) {
                steps.countDown();
                fails.set(steps.getCount() > 0);
                return steps.getCount() > 0;
            }

            @Override
            public boolean recover() {
                hungry.add(7);
                return false;
            }
        });

        assertTrue(steps.await(30, TimeUnit.SECONDS));
        hungry.awaitIdle();
        assertTrue(hungry.stop());
    }

    private static final class CarryingThread extends Thread implements Machine.Carrier {
        private final Machine machine;

        CarryingThread(Machine machine, Runnable work) {
            super(work);
            this.machine = machine;
        }

        @Override
        public Machine machine() {
            return machine;
        }
    }

    /** The real machine with locks that fail once. */
    private static Machine machineWith(AtomicBoolean fails) {
        Machine real = Machine.current();
        Lock lock = new ReentrantLock() {
            @Override
            public void lock() {
                if (fails.getAndSet(false)) {
                    throw new OutOfMemoryError("of this test");
                }
                super.lock();
            }
        };
        return (Machine) Proxy.newProxyInstance(
                Machine.class.getClassLoader(),
                new Class<?>[] {Machine.class},
                (proxy, method, arguments) ->
                        method.getName().equals("newLock") ? lock : method.invoke(real, arguments));
    }

    @Test
    void stoppingDoesNotWaitForAStepThatWaits() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        queue.start(new BackgroundQueue.Worker() {
            @Override
            public boolean step(long inode) {
                begun.countDown();
                await(never);
                return false;
            }

            @Override
            public boolean recover() {
                return false;
            }
        });
        queue.add(1);
        assertTrue(begun.await(30, TimeUnit.SECONDS));

        boolean[] ended = {false};
        Thread stopping = new Thread(() -> ended[0] = queue.stop());
        stopping.start();
        stopping.join(30_000);

        assertTrue(ended[0]);
    }

    @Test
    void moreThanTheQueueHoldsIsWorkedOffAsWell() throws Exception {
        Set<Long> stored = new TreeSet<>();
        CountDownLatch added = new CountDownLatch(1);
        AtomicInteger pages = new AtomicInteger();
        queue.start(new BackgroundQueue.Worker() {
            private long next;

            @Override
            public boolean step(long inode) {
                await(added);
                synchronized (stored) {
                    assertTrue(stored.remove(inode));
                }
                return false;
            }

            @Override
            public boolean recover() {
                synchronized (stored) {
                    int page = 0;
                    for (long inode : stored) {
                        if (inode >= next && page++ < WAITING_MAX / 2) {
                            queue.add(inode);
                            next = inode + 1;
                        }
                    }
                    pages.incrementAndGet();
                    next = page > WAITING_MAX / 2 ? next : 0;
                    return page > WAITING_MAX / 2;
                }
            }
        });
        // The first search would find them, whether the queue notes that it is full or not.
        queue.awaitIdle();
        for (long inode = 1; inode <= INODES; inode++) {
            synchronized (stored) {
                stored.add(inode);
            }
            queue.add(inode);
        }
        added.countDown();
        queue.awaitIdle();
        queue.stop();
        assertEquals(Set.of(), stored);
        assertTrue(pages.get() >= INODES / WAITING_MAX, pages + " pages: the queue took more than it may");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
