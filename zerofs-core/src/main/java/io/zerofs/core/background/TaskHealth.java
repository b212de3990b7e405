// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.background;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a background task running: spaces the attempts after a failure, counts them, and writes log lines. It logs the
 * first failure, each doubling of their number, and the success after them. Thread-safe.
 */
public final class TaskHealth {
    private static final Logger LOG = LoggerFactory.getLogger(TaskHealth.class);
    private static final int DOUBLINGS_MAX = 20;

    private final String task;
    private final Duration firstDelay;
    private final Duration delayMax;
    private final AtomicLong restarts = new AtomicLong();
    private long failuresInARow;

    /**
     * @param task a noun for the log
     * @param firstDelay between the first failure and the next attempt; each further failure doubles it
     * @param delayMax maximum delay
     */
    public TaskHealth(String task, Duration firstDelay, Duration delayMax) {
        this.task = task;
        this.firstDelay = firstDelay;
        this.delayMax = delayMax;
    }

    /** Records a failed attempt. Returns the nanoseconds until the next one. */
    public long failed(Throwable why) {
        boolean unexpected = why instanceof RuntimeException || why instanceof Error;
        // The message of an I/O error is often only a path.
        boolean clear = !unexpected && !(why instanceof IOException);
        return failed(clear ? why.getMessage() : why.toString(), unexpected ? why : null);
    }

    /** Records a failed attempt with a reason in words. Returns the nanoseconds until the next one. */
    public long failed(String why) {
        return failed(why, null);
    }

    private long failed(String why, Throwable trace) {
        long failures;
        synchronized (this) {
            failures = ++failuresInARow;
        }
        restarts.incrementAndGet();
        Duration delay = firstDelay.multipliedBy(1L << Math.min(failures - 1, DOUBLINGS_MAX));
        delay = delay.compareTo(delayMax) < 0 ? delay : delayMax;
        if (Long.bitCount(failures) == 1) {
            LOG.warn("{} failed {} times and goes on in {} s: {}", task, failures, delay.toSeconds(), why, trace);
        }
        return delay.toNanos();
    }

    /** Records a successful attempt. */
    public void succeeded() {
        long failures;
        synchronized (this) {
            failures = failuresInARow;
            failuresInARow = 0;
        }
        if (failures > 0) {
            LOG.info("{} works again after {} failures", task, failures);
        }
    }

    /** Returns the number of attempts that failed and were followed by another. */
    public long restarts() {
        return restarts.get();
    }
}
