// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.util.concurrent.FastThreadLocalThread;
import io.zerofs.core.waiting.OnBehalf;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bounded pool for requests that wait for the store or move much data. Each client has its share of the threads and a
 * queue of its own; a thread that gets free goes to the client that has waited longest for its turn. The queues cannot
 * outgrow what {@link AdmissionControl} lets in.
 */
final class FileSystemExecutor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FileSystemExecutor.class);
    private static final long IDLE_SECONDS_MAX = 60;

    private final Shares threads;
    private final ThreadPoolExecutor pool;
    private final int closeSeconds;
    /** Work that waits for a thread, by client, in the order of their turns. Guarded by this. */
    private final Map<Client, Queue<Runnable>> waiting = new LinkedHashMap<>();

    private boolean closed;

    FileSystemExecutor(ServerSettings settings) {
        AtomicInteger number = new AtomicInteger();
        threads = new Shares(ClientResource.THREADS, settings.blockingThreads(), settings.clientShare());
        closeSeconds = settings.closeSeconds();
        pool = new ThreadPoolExecutor(
                settings.blockingThreads(),
                settings.blockingThreads(),
                IDLE_SECONDS_MAX,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                work -> new BlockingThread(work, "zerofs-fs-" + number.incrementAndGet()));
        pool.allowCoreThreadTimeOut(true);
    }

    /** @throws RejectedExecutionException after {@link #close} */
    synchronized void execute(Client client, Runnable work) {
        if (closed) {
            throw new RejectedExecutionException("closed");
        }
        if (waiting.containsKey(client) || threads.take(client, 1) != Shares.Limit.NONE) {
            waiting.computeIfAbsent(client, unused -> new ArrayDeque<>()).add(work);
        } else {
            start(client, work);
        }
    }

    private void start(Client client, Runnable work) {
        try {
            pool.execute(() -> run(client, work));
        } catch (RuntimeException | Error e) {
            threads.give(client, 1);
            throw e;
        }
    }

    private void run(Client client, Runnable work) {
        ((BlockingThread) Thread.currentThread()).client = client;
        try {
            work.run();
        } finally {
            ended(client);
        }
    }

    /** Starts what threads are free for now: the client that gave one back may have a share again, too. */
    private synchronized void ended(Client client) {
        threads.give(client, 1);
        notifyAll();
        while (startNext()) {
            // Until nobody who waits may have another thread.
        }
    }

    private boolean startNext() {
        for (Iterator<Map.Entry<Client, Queue<Runnable>>> each =
                        waiting.entrySet().iterator();
                each.hasNext(); ) {
            Map.Entry<Client, Queue<Runnable>> next = each.next();
            Shares.Limit limit = threads.take(next.getKey(), 1);
            if (limit == Shares.Limit.ALL) {
                return false;
            }
            if (limit == Shares.Limit.NONE) {
                each.remove();
                Runnable work = next.getValue().remove();
                if (!next.getValue().isEmpty()) {
                    waiting.put(next.getKey(), next.getValue());
                }
                start(next.getKey(), work);
                return true;
            }
        }
        return false;
    }

    private synchronized void awaitStarted(long deadlineNanos) throws InterruptedException {
        long left = deadlineNanos - System.nanoTime();
        while (!waiting.isEmpty() && left > 0) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
            left = deadlineNanos - System.nanoTime();
        }
    }

    @Override
    public void close() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(closeSeconds);
        synchronized (this) {
            closed = true;
        }
        try {
            awaitStarted(deadline);
            pool.shutdown();
            if (!pool.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                LOG.warn("{} requests did not end within {} s", pool.getActiveCount(), closeSeconds);
                pool.shutdownNow();
            }
        } catch (InterruptedException e) {
            pool.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    /** Takes turns among clients where it waits; see {@link OnBehalf}. */
    private static final class BlockingThread extends FastThreadLocalThread implements OnBehalf {
        private Client client;

        BlockingThread(Runnable work, String name) {
            super(work, name);
        }

        @Override
        public Object beneficiary() {
            return client;
        }
    }
}
