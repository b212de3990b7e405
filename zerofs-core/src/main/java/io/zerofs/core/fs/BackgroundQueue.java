// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.background.TaskHealth;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.volume.VolumeException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Numbers of inodes that have something left to remove, and the one thread that works them off in turns, a bounded step
 * each. What is queued also stands in the volume (orphans, tombstones), so that nothing is lost with this queue.
 */
final class BackgroundQueue {
    private static final Logger LOG = LoggerFactory.getLogger(BackgroundQueue.class);
    private static final Duration RETRY_MAX = Duration.ofMinutes(1);
    private static final long REST_NANOS_MAX = 50_000_000;

    /** A client that removes faster than this does must not fill the memory: the rest is looked up in the volume. */
    private static final int WAITING_MAX = 50_000;

    private final TaskHealth health;
    private final Duration grace;
    private final Queue<Long> waiting = new ArrayDeque<>();
    private final Set<Long> queued = new HashSet<>();
    private Worker worker;
    private Thread thread;
    private final int waitingMax;
    private boolean overflowed;
    private boolean busy;
    private boolean stopped;

    BackgroundQueue() {
        this(WAITING_MAX, Duration.ofSeconds(1), Duration.ofSeconds(2));
    }

    /**
     * @param waitingMax most that wait here; the volume knows the others
     * @param firstRetry pause after a failure
     * @param grace time for the step in progress when the queue is stopped
     */
    BackgroundQueue(int waitingMax, Duration firstRetry, Duration grace) {
        this.waitingMax = waitingMax;
        this.health = new TaskHealth("removal of deleted data", firstRetry, RETRY_MAX);
        this.grace = grace;
    }

    /** What the thread does. */
    interface Worker {
        /** Does one step for an inode; true if there is more to do for it. */
        boolean step(long inode) throws FsException;

        /** Adds some of what the volume knows; false when all was added, and the next call begins again. */
        boolean recover() throws FsException;
    }

    synchronized void start(Worker steps) {
        worker = steps;
        thread = new Thread(this::run, "zerofs-removal");
        thread.setDaemon(true);
        busy = true;
        thread.start();
    }

    /** Returns the number of attempts that failed and were followed by another. */
    long restarts() {
        return health.restarts();
    }

    /**
     * Ends after the step in progress, and interrupts one that waits: a store that is away makes no room for it.
     *
     * @return whether the thread has ended
     */
    boolean stop() {
        Thread ending;
        synchronized (this) {
            stopped = true;
            notifyAll();
            ending = thread;
        }
        if (ending == null) {
            return true;
        }
        try {
            ending.join(grace.toMillis());
            ending.interrupt();
            ending.join(grace.toMillis());
        } catch (InterruptedException e) {
            ending.interrupt();
            Thread.currentThread().interrupt();
        }
        if (ending.isAlive()) {
            LOG.warn("the removal of deleted data did not end in time; the next start goes on with it");
        }
        return !ending.isAlive();
    }

    synchronized void add(long inode) {
        if (waiting.size() >= waitingMax) {
            overflowed |= !queued.contains(inode);
        } else if (queued.add(inode)) {
            waiting.add(inode);
            notifyAll();
        }
    }

    private synchronized boolean takeOverflow() {
        boolean taken = overflowed;
        overflowed = false;
        return taken;
    }

    private synchronized boolean hasRoom() {
        return waiting.size() <= waitingMax / 2;
    }

    /** Waits until there is nothing left to do, or the thread was stopped. */
    synchronized void awaitIdle() throws InterruptedException {
        while (!stopped && (busy || !waiting.isEmpty())) {
            wait();
        }
    }

    private void run() {
        try {
            boolean recovering = true;
            while (!isStopped()) {
                if (!recovering) {
                    recovering = takeOverflow();
                }
                if (recovering && hasRoom()) {
                    recovering = recoverSome();
                }
                Long inode = next(recovering);
                if (inode != null) {
                    work(inode);
                }
            }
        } finally {
            synchronized (this) {
                stopped = true;
                notifyAll();
            }
        }
    }

    private synchronized boolean isStopped() {
        return stopped;
    }

    private boolean recoverSome() {
        try {
            boolean more = worker.recover();
            health.succeeded();
            return more;
        } catch (FsException | RuntimeException | Error e) {
            retryLater(e);
            return true;
        }
    }

    private synchronized Long next(boolean recovering) {
        while (waiting.isEmpty() && !recovering && !stopped) {
            busy = false;
            notifyAll();
            try {
                wait();
            } catch (InterruptedException e) {
                stopped = true;
            }
        }
        busy = true;
        Long inode = stopped ? null : waiting.poll();
        if (inode != null) {
            queued.remove(inode);
        }
        return inode;
    }

    private void work(long inode) {
        boolean more = false;
        long began = System.nanoTime();
        try {
            more = worker.step(inode);
            health.succeeded();
        } catch (FsException | RuntimeException | Error e) {
            LOG.debug("removal of inode {} failed", inode, e);
            retryLater(e);
            more = true;
        }
        if (more) {
            add(inode);
            // Half of the time is for others, who want the same locks and processors.
            LockSupport.parkNanos(Math.min(REST_NANOS_MAX, System.nanoTime() - began));
        }
    }

    private void retryLater(Throwable failure) {
        boolean finished = failure.getCause() instanceof VolumeException e
                && switch (e.kind()) {
                    case FENCED, DISK, CLOSED -> true;
                    case UNAVAILABLE, CORRUPT, NO_SPACE -> false;
                };
        if (finished) {
            LOG.info("the removal of deleted data ends with the volume and goes on with its next opening");
            synchronized (this) {
                stopped = true;
            }
        } else if (!isStopped()) {
            pause(health.failed(failure));
        }
    }

    private synchronized void pause(long nanos) {
        long end = System.nanoTime() + nanos;
        try {
            for (long left = nanos; left > 0 && !stopped; left = end - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        } catch (InterruptedException e) {
            stopped = true;
        }
    }
}
