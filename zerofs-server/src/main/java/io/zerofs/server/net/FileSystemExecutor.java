// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bounded pool for requests that wait for the store or move much data. Its queue cannot outgrow what {@link
 * RequestGate} lets in.
 */
final class FileSystemExecutor implements Executor, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FileSystemExecutor.class);
    private static final long IDLE_SECONDS_MAX = 60;

    private final ThreadPoolExecutor pool;
    private final int closeSeconds;

    FileSystemExecutor(ServerSettings settings) {
        int queueMax = (int)
                Math.min(Integer.MAX_VALUE, (long) settings.connectionsMax() * settings.requestsPerConnectionMax());
        AtomicInteger number = new AtomicInteger();
        closeSeconds = settings.closeSeconds();
        pool = new ThreadPoolExecutor(
                settings.waitingThreads(),
                settings.waitingThreads(),
                IDLE_SECONDS_MAX,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(queueMax),
                work -> new FastThreadLocalThread(work, "zerofs-fs-" + number.incrementAndGet()));
        pool.allowCoreThreadTimeOut(true);
    }

    /** @throws RejectedExecutionException after {@link #close} */
    @Override
    public void execute(Runnable work) {
        pool.execute(work);
    }

    @Override
    public void close() {
        pool.shutdown();
        try {
            if (!pool.awaitTermination(closeSeconds, TimeUnit.SECONDS)) {
                LOG.warn("{} requests did not end within {} s", pool.getActiveCount(), closeSeconds);
                pool.shutdownNow();
            }
        } catch (InterruptedException e) {
            pool.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
