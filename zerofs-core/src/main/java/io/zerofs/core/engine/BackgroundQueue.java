// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.engine;

import io.zerofs.core.vfs.FsException;
import io.zerofs.core.volume.VolumeException;
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
    private static final long RETRY_MILLIS = 1000;
    private static final long REST_NANOS_MAX = 50_000_000;

    /** A client that removes faster than this does must not fill the memory: the rest is looked up in the volume. */
    private static final int WAITING_MAX = 50_000;

    private final Queue<Long> waiting = new ArrayDeque<>();
    private final Set<Long> queued = new HashSet<>();
    private Worker worker;
    private Thread thread;
    private final int waitingMax;
    private boolean overflowed;
    private boolean busy;
    private boolean stopped;

    BackgroundQueue() {
        this(WAITING_MAX);
    }

    /** @param waitingMax most that wait here; the volume knows the others */
    BackgroundQueue(int waitingMax) {
        this.waitingMax = waitingMax;
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

    /** Ends after the step in progress. */
    void stop() {
        Thread ending;
        synchronized (this) {
            stopped = true;
            notifyAll();
            ending = thread;
        }
        boolean interrupted = false;
        while (ending != null && ending.isAlive()) {
            try {
                ending.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
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
            return worker.recover();
        } catch (FsException e) {
            retryLater("looking for unfinished removals", e);
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
        } catch (FsException e) {
            retryLater("removal of inode " + inode, e);
            more = true;
        } catch (RuntimeException e) {
            LOG.error("removal of inode {} failed, left to the next start", inode, e);
        }
        if (more) {
            add(inode);
            // Half of the time is for others, who want the same locks and processors.
            LockSupport.parkNanos(Math.min(REST_NANOS_MAX, System.nanoTime() - began));
        }
    }

    private void retryLater(String what, FsException failure) {
        boolean finished = failure.getCause() instanceof VolumeException e
                && switch (e.kind()) {
                    case FENCED, DISK, CLOSED -> true;
                    case UNAVAILABLE, CORRUPT, NO_SPACE -> false;
                };
        if (finished) {
            LOG.info("{} ends with the volume and goes on with its next opening", what);
            synchronized (this) {
                stopped = true;
            }
        } else {
            LOG.warn("{} failed, will try again: {}", what, failure.getMessage());
            pause();
        }
    }

    private synchronized void pause() {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(RETRY_MILLIS);
        try {
            for (long left = RETRY_MILLIS; left > 0 && !stopped; ) {
                wait(left);
                left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            }
        } catch (InterruptedException e) {
            stopped = true;
        }
    }
}
