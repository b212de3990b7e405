// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.runtime;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.StampedLock;
import java.util.random.RandomGenerator;

/** The JVM's own. */
final class RealMachine implements Machine {
    static final RealMachine INSTANCE = new RealMachine();

    private final SecureRandom random = new SecureRandom();

    private RealMachine() {}

    private record ThreadTask(Thread thread) implements Task {
        @Override
        public boolean join(long nanosMax) throws InterruptedException {
            TimeUnit.NANOSECONDS.timedJoin(thread, nanosMax);
            return !thread.isAlive();
        }

        @Override
        public void interrupt() {
            thread.interrupt();
        }
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Instant now() {
        return Instant.now();
    }

    @Override
    public RandomGenerator random() {
        return random;
    }

    @Override
    public int processors() {
        return Runtime.getRuntime().availableProcessors();
    }

    @Override
    public void sleep(long nanos) throws InterruptedException {
        // Thread.sleep of Java 17 rounds a time up to milliseconds.
        long end = System.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    @Override
    public Lock newLock() {
        return new ReentrantLock();
    }

    @Override
    public ReadWriteLock newReadWriteLock() {
        return new StampedLock().asReadWriteLock();
    }

    @Override
    public Task start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
        return new ThreadTask(thread);
    }

    @Override
    public Runnable after(long nanos, Runnable task) {
        CompletableFuture<Void> timer =
                new CompletableFuture<Void>().completeOnTimeout(null, nanos, TimeUnit.NANOSECONDS);
        timer.thenRun(task);
        return () -> timer.cancel(false);
    }

    @Override
    public <T> T await(CompletableFuture<T> future) throws InterruptedException, ExecutionException {
        return future.get();
    }

    @Override
    public <T> T await(CompletableFuture<T> future, long nanosMax)
            throws InterruptedException, ExecutionException, TimeoutException {
        return future.get(nanosMax, TimeUnit.NANOSECONDS);
    }
}
