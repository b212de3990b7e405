// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.runtime;

import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.random.RandomGenerator;

/**
 * Time, chance, threads, locks and waiting. Code asks {@link #current()} for them and never the JVM, so that a simulation
 * decides about all of them: its threads carry a machine of its own. Thread-safe.
 *
 * <p>A lock of the JVM, such as a monitor, is allowed where its owner neither waits nor takes a lock of the machine.
 */
public interface Machine {
    /** A thread of a simulation, which carries its machine. */
    interface Carrier {
        Machine machine();
    }

    /** Ends a thread whose simulated machine has crashed. Code that survives any failure lets it pass. */
    final class Crashed extends Error {
        private static final long serialVersionUID = 1;

        public Crashed() {
            super("the machine has crashed", null, false, false);
        }
    }

    /** A task of {@link #start}. */
    interface Task {
        /** Waits for the end of the task. Returns whether it has ended. */
        boolean join(long nanosMax) throws InterruptedException;

        void interrupt();
    }

    /** Returns the machine that the calling thread carries, else the real one. */
    static Machine current() {
        return Thread.currentThread() instanceof Carrier carrier ? carrier.machine() : RealMachine.INSTANCE;
    }

    /** Returns nanoseconds since a fixed moment, as {@link System#nanoTime}. */
    long nanoTime();

    /** Returns the time of the wall clock, which may jump. */
    Instant now();

    /** Returns unpredictable numbers, fit for keys and salts. */
    RandomGenerator random();

    int processors();

    /** Waits for a time; none if it is not positive. */
    void sleep(long nanos) throws InterruptedException;

    /** Returns a reentrant lock with conditions. */
    Lock newLock();

    /** Returns a lock that is not reentrant and has no conditions. */
    ReadWriteLock newReadWriteLock();

    /** Starts a task on a daemon thread of its own. */
    Task start(String name, Runnable work);

    /** Runs a short task, which must not wait, after a delay. Returns a way to cancel it, which frees its memory. */
    Runnable after(long nanos, Runnable task);

    /** Waits for a future. */
    <T> T await(CompletableFuture<T> future) throws InterruptedException, ExecutionException;

    /** Waits for a future, at most for a time. */
    <T> T await(CompletableFuture<T> future, long nanosMax)
            throws InterruptedException, ExecutionException, TimeoutException;
}
