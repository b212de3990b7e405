// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.runtime;

import io.zerofs.core.runtime.Machine;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The engine's own daemon threads. Closed after the volume, which drops waiting tasks. */
public final class EngineThreads implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EngineThreads.class);

    private static final String PREFIX = "zerofs-engine-";
    private static final long IDLE_SECONDS = 30;
    private static final long FAREWELL_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final long RETRY_MILLIS = 100;

    private final Machine machine = Machine.current();
    private final ThreadFactory factory;
    private final ThreadPoolExecutor sealing;
    private final ThreadPoolExecutor requests;
    private final ThreadPoolExecutor uploads;
    private final ScheduledThreadPoolExecutor timer;
    private volatile boolean closed;

    /** @param requestsMax requests to the store at a time, and again as many uploads; at least 4 */
    public EngineThreads(int requestsMax) {
        this(requestsMax, Thread::new);
    }

    /** @param factory makes threads, whose names are set here */
    EngineThreads(int requestsMax, ThreadFactory factory) {
        this.factory = factory;
        this.sealing = pool("seal-", machine.processors());
        this.requests = pool("store-", Math.max(4, requestsMax));
        this.uploads = pool("upload-", Math.max(4, requestsMax));
        this.timer = new ScheduledThreadPoolExecutor(1, named("timer-"));
        this.timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        this.timer.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        this.timer.prestartCoreThread();
    }

    public EngineRuntime runtime() {
        return new EngineRuntime(
                on(sealing),
                on(requests),
                on(uploads),
                (nanos, task) -> timer.schedule(task, nanos, TimeUnit.NANOSECONDS),
                machine::nanoTime,
                machine.random());
    }

    /** Runs tasks on a pool. Without a free thread it tries again, because a caller may wait for the task. */
    private Executor on(ThreadPoolExecutor pool) {
        return new Executor() {
            @Override
            public void execute(Runnable task) {
                try {
                    pool.execute(task);
                } catch (OutOfMemoryError e) {
                    LOG.debug("no thread for a task: {}", e.getMessage());
                    timer.schedule(() -> execute(task), RETRY_MILLIS, TimeUnit.MILLISECONDS);
                }
            }
        };
    }

    /** Interrupts running tasks and waits a moment, because they may use resources that are closed next. */
    @Override
    public void close() {
        closed = true;
        ExecutorService[] pools = {timer, uploads, requests, sealing};
        for (ExecutorService pool : pools) {
            pool.shutdownNow();
        }
        if (Thread.currentThread().getName().startsWith(PREFIX)) {
            return;
        }
        long deadline = machine.nanoTime() + FAREWELL_NANOS;
        try {
            for (ExecutorService pool : pools) {
                pool.awaitTermination(Math.max(0, deadline - machine.nanoTime()), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // Commits in flight, reads in flight and compactions bound the queues.
    private ThreadPoolExecutor pool(String name, int threads) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), named(name));
        pool.allowCoreThreadTimeOut(true);
        pool.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
        return pool;
    }

    private ThreadFactory named(String role) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = factory.newThread(task);
            thread.setName(PREFIX + role + number.incrementAndGet());
            thread.setDaemon(true);
            thread.setUncaughtExceptionHandler(this::threw);
            return thread;
        };
    }

    private void threw(Thread thread, Throwable cause) {
        if (closed) {
            // The task outlived the close, and its resources are closed.
            LOG.debug("{} gave up its task when the volume was closed", thread.getName(), cause);
        } else {
            LOG.error("{} failed unexpectedly", thread.getName(), cause);
        }
    }
}
