// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.zerofs.core.waiting.OnBehalf;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The division of threads that wait for the store. */
class FileSystemExecutorTest {
    private static final int THREADS = 8;

    private final FileSystemExecutor threads = new FileSystemExecutor(ServerSettings.DEFAULT
            .withThreads(1, THREADS)
            .withConnectionsMax(1)
            .withRequestsPerConnectionMax(1)
            .withBytesMax(1, 1)
            .withOffloadBytes(1)
            .withStallSeconds(1)
            .withCloseSeconds(5));
    private final Clients clients = new Clients();
    private final Client greedy = client("10.0.0.1");
    private final Client other = client("10.0.0.2");
    private final CountDownLatch store = new CountDownLatch(1);

    @AfterEach
    void close() {
        store.countDown();
        threads.close();
    }

    private Client client(String address) {
        clients.serve("NFS");
        return clients.arrived("NFS", new InetSocketAddress(address, 1));
    }

    private void awaitStore() {
        try {
            store.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void othersAreServedWhileAllOfOneClientWaitsForTheStore() throws Exception {
        AtomicInteger begun = new AtomicInteger();
        for (int i = 0; i < 100; i++) {
            threads.execute(greedy, () -> {
                begun.incrementAndGet();
                awaitStore();
            });
        }
        CompletableFuture<Object> served = new CompletableFuture<>();
        threads.execute(other, () -> served.complete(OnBehalf.current()));
        assertSame(other, served.get(30, TimeUnit.SECONDS));
        await().until(() -> begun.get() == THREADS * 3 / 4);
        store.countDown();
        await().until(() -> begun.get() == 100);
    }

    @Test
    void clientsTakeTurnsWhereThereAreMoreThanThreads() {
        List<Client> order = new CopyOnWriteArrayList<>();
        CountDownLatch one = new CountDownLatch(1);
        CountDownLatch taken = new CountDownLatch(THREADS);
        for (int i = 0; i < THREADS; i++) {
            boolean isFirst = i == 0;
            threads.execute(client("10.0.1." + i), () -> {
                taken.countDown();
                assertDoesNotThrow(() -> (isFirst ? one : store).await());
            });
        }
        await().until(() -> taken.getCount() == 0);
        for (int i = 0; i < 50; i++) {
            threads.execute(greedy, () -> order.add(greedy));
        }
        threads.execute(other, () -> order.add(other));
        // With one thread for all of them, they run in the order of their turns.
        one.countDown();
        await().until(() -> order.size() == 51);
        assertEquals(1, order.indexOf(other), "and not after all others");
    }

    @Test
    void noThreadIsFreeWhileAClientThatHasNoneWaits() throws Exception {
        CountDownLatch first = new CountDownLatch(1);
        CompletableFuture<Void> second = new CompletableFuture<>();
        for (int i = 0; i < THREADS - 3; i++) {
            threads.execute(client("10.0.1." + i), this::awaitStore);
        }
        threads.execute(greedy, this::awaitStore);
        threads.execute(other, () -> assertDoesNotThrow(() -> first.await()));
        threads.execute(greedy, this::awaitStore); // The last thread would be more than its share.
        threads.execute(other, () -> second.complete(null));
        first.countDown();
        second.get(30, TimeUnit.SECONDS);
    }

    @Test
    void workGoesToTheThreadThatBecameIdleLast() throws Exception {
        CountDownLatch both = new CountDownLatch(2);
        CompletableFuture<Thread> first = new CompletableFuture<>();
        CompletableFuture<Thread> second = new CompletableFuture<>();
        CountDownLatch secondEnds = new CountDownLatch(1);
        threads.execute(greedy, () -> {
            both.countDown();
            assertDoesNotThrow(() -> both.await());
            first.complete(Thread.currentThread());
        });
        threads.execute(other, () -> {
            both.countDown();
            second.complete(Thread.currentThread());
            assertDoesNotThrow(() -> secondEnds.await());
        });
        await().until(() -> first.get().getState() == Thread.State.TIMED_WAITING);
        secondEnds.countDown();
        for (int i = 0; i < THREADS; i++) {
            await().until(() -> second.get().getState() == Thread.State.TIMED_WAITING);
            CompletableFuture<Thread> next = new CompletableFuture<>();
            threads.execute(greedy, () -> next.complete(Thread.currentThread()));
            assertSame(second.get(), next.get(30, TimeUnit.SECONDS));
        }
    }

    @Test
    void waitingTasksRunBeforeItCloses() {
        AtomicInteger done = new AtomicInteger();
        for (int i = 0; i < 100; i++) {
            threads.execute(greedy, done::incrementAndGet);
        }
        threads.close();
        assertEquals(100, done.get());
        assertThrows(RejectedExecutionException.class, () -> threads.execute(greedy, () -> {}));
    }
}
