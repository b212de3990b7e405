// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.background.TaskHealth;
import io.zerofs.core.runtime.Machine;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.volume.VolumeException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Numbers of inodes that have remains to remove, and the one thread that removes them in turns, one bounded step at a
 * time. After a failed step the inode rests while the thread works on others; the search for more inodes rests
 * likewise. The volume also records the queued inodes (orphans, tombstones), so a crash loses none of them.
 */
final class BackgroundQueue {
    private static final Logger LOG = LoggerFactory.getLogger(BackgroundQueue.class);
    private static final Duration RETRY_MAX = Duration.ofMinutes(1);
    private static final long REST_NANOS_MAX = 50_000_000;

    /** Divisor of {@code waitingMax}: the quotient bounds the number of resting inodes whose removal failed. */
    private static final int FAILING_PART = 4;

    /** The number of no inode: it identifies the search for more inodes. */
    private static final long RECOVERY = 0;

    /** Guards the fields that other threads change too. */
    private final Lock lock = Machine.current().newLock();

    private final Condition changed = lock.newCondition();
    private final TaskHealth health;
    private final Duration firstRetry;
    private final Duration grace;
    private final Queue<Long> waiting = new ArrayDeque<>();
    /** In the order in which their rests end: while any inode rests, no rest is shorter than the one before. */
    private final Queue<Resting> resting = new ArrayDeque<>();

    private final Set<Long> queued = new HashSet<>();
    private Worker worker;
    private Machine.Task task;
    private final int waitingMax;
    private volatile boolean overflowed;
    /** Whether the search for more inodes in the volume is in progress; {@link #recoveryRest} is its rest. */
    private boolean recovering = true;

    private Resting recoveryRest;
    /** Tasks whose last attempt failed, used by the thread alone: inodes, and {@link #RECOVERY}. */
    private final Set<Long> failing = new HashSet<>();

    private boolean failedBefore;
    private boolean busy;
    private volatile boolean stopped;

    /** @param waitingMax maximum number of inodes that wait or rest here, however fast clients remove files */
    BackgroundQueue(int waitingMax) {
        this(waitingMax, Duration.ofSeconds(1), Duration.ofSeconds(2));
    }

    /**
     * @param waitingMax maximum number of inodes that wait or rest here; the volume knows the others
     * @param firstRetry rest after the first failure, doubled after each further one; also the pause of the whole
     *     thread after a second failure in a row
     * @param grace time that a stop leaves the step in progress before it interrupts it, and once more afterwards
     */
    BackgroundQueue(int waitingMax, Duration firstRetry, Duration grace) {
        this.waitingMax = waitingMax;
        this.health = new TaskHealth("removal of deleted data", firstRetry, RETRY_MAX);
        this.firstRetry = firstRetry;
        this.grace = grace;
    }

    private record Resting(long inode, long untilNanos) {
        long left() {
            return untilNanos - Machine.current().nanoTime();
        }
    }

    /** The tasks of the thread. */
    interface Worker {
        /** Takes one step for an inode. Returns whether the inode needs more steps. */
        boolean step(long inode) throws FsException;

        /**
         * Adds some of the inodes that the volume records. Returns false after the last ones; the next call begins
         * again.
         */
        boolean recover() throws FsException;
    }

    void start(Worker steps) {
        lock.lock();
        try {
            worker = steps;
            busy = true;
            task = Machine.current().start("zerofs-removal", this::run);
        } finally {
            lock.unlock();
        }
    }

    /** Returns the number of attempts that failed and were followed by another. */
    long restarts() {
        return health.restarts();
    }

    /**
     * Stops the thread after the step in progress, and interrupts a step that waits: a store that does not answer frees
     * no memory for it.
     *
     * @return whether the thread has ended
     */
    boolean stop() {
        Machine.Task ending = stopSoon();
        if (ending == null) {
            return true;
        }
        boolean ended = false;
        try {
            ended = ending.join(grace.toNanos());
            if (!ended) {
                ending.interrupt();
                ended = ending.join(grace.toNanos());
            }
        } catch (InterruptedException e) {
            ending.interrupt();
            Thread.currentThread().interrupt();
        }
        if (!ended) {
            LOG.warn("the removal of deleted data did not end in time; the next start goes on with it");
        }
        return ended;
    }

    private Machine.Task stopSoon() {
        lock.lock();
        try {
            stopped = true;
            changed.signalAll();
            return task;
        } finally {
            lock.unlock();
        }
    }

    void add(long inode) {
        lock.lock();
        try {
            boolean full = waiting.size() + resting.size() >= waitingMax;
            if (full && !queued.contains(inode)) {
                overflowed = true;
            } else if (!full && queued.add(inode)) {
                waiting.add(inode);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits until no work is left, or the thread has stopped. */
    void awaitIdle() throws InterruptedException {
        lock.lock();
        try {
            while (!stopped && (busy || !waiting.isEmpty())) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        try {
            while (!stopped) {
                try {
                    workNext();
                } catch (OutOfMemoryError e) {
                    // A lock or a wait may need memory. The search finds an inode that was lost thereby.
                    overflowed = true;
                }
            }
        } finally {
            stopSoon();
        }
    }

    private void workNext() {
        if (isToRecover()) {
            recoverSome();
        }
        Long inode = next();
        if (inode != null) {
            work(inode);
        }
    }

    private boolean isToRecover() {
        lock.lock();
        try {
            if (!recovering) {
                recovering = overflowed;
                overflowed = false;
            }
            return recovering && recoveryRest == null && waiting.size() + resting.size() <= waitingMax / 2;
        } finally {
            lock.unlock();
        }
    }

    private void recoverSome() {
        try {
            boolean more = worker.recover();
            recovering = more;
            if (!more) {
                // A page before the last does not show that the whole search works again.
                succeeded(RECOVERY);
            }
        } catch (FsException | RuntimeException | Error e) {
            failed(RECOVERY, e);
        }
    }

    /** Waits for the next task. Returns an inode, or null for the search for more inodes and after a stop. */
    private Long next() {
        lock.lock();
        try {
            while (!stopped) {
                endRests();
                if (!waiting.isEmpty()) {
                    busy = true;
                    long inode = waiting.remove();
                    queued.remove(inode);
                    return inode;
                }
                if (recovering && recoveryRest == null || overflowed && !recovering) {
                    busy = true;
                    return null;
                }
                await();
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private void endRests() {
        if (recoveryRest != null && recoveryRest.left() <= 0) {
            recoveryRest = null;
        }
        while (!resting.isEmpty() && resting.element().left() <= 0) {
            waiting.add(resting.remove().inode());
        }
    }

    private void await() {
        long first = recoveryRest == null ? Long.MAX_VALUE : recoveryRest.left();
        first = resting.isEmpty() ? first : Math.min(first, resting.element().left());
        busy = first != Long.MAX_VALUE;
        changed.signalAll();
        try {
            if (busy) {
                changed.awaitNanos(first);
            } else {
                changed.await();
            }
        } catch (InterruptedException e) {
            stopped = true;
        }
    }

    private void work(long inode) {
        boolean more = false;
        long began = Machine.current().nanoTime();
        try {
            more = worker.step(inode);
            succeeded(inode);
        } catch (FsException | RuntimeException | Error e) {
            LOG.debug("removal of inode {} failed", inode, e);
            failed(inode, e);
        }
        if (more) {
            add(inode);
            // Half of the time is for clients, which want the same locks and processors.
            try {
                Machine machine = Machine.current();
                machine.sleep(Math.min(REST_NANOS_MAX, machine.nanoTime() - began));
            } catch (InterruptedException e) {
                stopped = true;
            }
        }
    }

    /**
     * Notes a success, and reports it only when no task fails any more; otherwise each success between failures would
     * be reported.
     */
    private void succeeded(long inode) {
        // A search alone does not show that anything can be removed.
        failedBefore &= inode == RECOVERY;
        failing.remove(inode);
        if (failing.isEmpty()) {
            health.succeeded();
        }
    }

    private void failed(long inode, Throwable failure) {
        boolean finished = failure.getCause() instanceof VolumeException e
                && switch (e.kind()) {
                    case FENCED, DISK, READ_ONLY, CLOSED -> true;
                    case UNAVAILABLE, CORRUPT, NO_SPACE -> false;
                };
        if (finished) {
            LOG.info("the removal of deleted data ends with the volume and goes on with its next opening");
        }
        lock.lock();
        try {
            stopped |= finished;
            if (!stopped) {
                rest(inode, health.failed(failure));
                if (failedBefore) {
                    pause(firstRetry.toNanos());
                }
                failedBefore = true;
            }
        } finally {
            lock.unlock();
        }
    }

    private void rest(long inode, long nanos) {
        Resting rest = new Resting(inode, Machine.current().nanoTime() + nanos);
        if (inode == RECOVERY) {
            failing.add(inode);
            recoveryRest = rest;
        } else if (failing.size() >= waitingMax / FAILING_PART && !failing.contains(inode)) {
            overflowed = true;
        } else if (queued.add(inode)) {
            failing.add(inode);
            resting.add(rest);
        }
    }

    /** Pauses the thread. Other threads can take the lock meanwhile. */
    private void pause(long nanos) {
        try {
            for (long left = nanos; left > 0 && !stopped; ) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            stopped = true;
        }
    }
}
