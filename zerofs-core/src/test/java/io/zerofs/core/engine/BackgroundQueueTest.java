// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The queue of removals is bounded, and what it has no room for is found in the volume again. */
final class BackgroundQueueTest {
    private static final int WAITING_MAX = 8;
    private static final int INODES = 1000;

    @Test
    void moreThanTheQueueHoldsIsWorkedOffAsWell() throws Exception {
        BackgroundQueue queue = new BackgroundQueue(WAITING_MAX);
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
            throw new IllegalStateException(e);
        }
    }
}
