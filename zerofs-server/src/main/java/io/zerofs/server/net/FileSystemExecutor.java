// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.util.concurrent.FastThreadLocalThread;
import io.zerofs.core.waiting.OnBehalf;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bounded pool for requests that wait for the store or move much data. Each client has its share of the threads and a
 * queue of its own. A free thread goes to the client that has waited longest for its turn and may have a thread. The
 * queues hold only requests that {@link AdmissionControl} admitted, and a few steps of connections such as handshakes.
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
        threads = new Shares(ClientResource.THREADS, settings.threads().blocking(), settings.clientShare());
        closeSeconds = settings.closeSeconds();
        // The thread that became idle last gets the work, so that few threads do most of it with warm caches.
        // The shares bound the work that runs. The pool may have a few more threads that have just ended theirs.
        pool = new ThreadPoolExecutor(
                0,
                Integer.MAX_VALUE,
                IDLE_SECONDS_MAX,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                work -> new BlockingThread(work, "zerofs-fs-" + number.incrementAndGet()));
    }

    /**
     * Runs the work now or when it is the client's turn.
     *
     * @throws RejectedExecutionException after {@link #close}
     */
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

    /** Frees a client's thread and starts waiting work. The same client may have a thread again, too. */
    private synchronized void ended(Client client) {
        threads.give(client, 1);
        notifyAll();
        while (startNext()) {
            // Until no waiting client may have another thread.
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

    /** A thread that waits for a client, so that queues alternate among clients; see {@link OnBehalf}. */
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
