// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.runtime;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.StampedLock;
import java.util.random.RandomGenerator;

/** The JVM's own. */
final class RealMachine implements Machine {
    static final RealMachine INSTANCE = new RealMachine();

    private static final Executor TIMER_THREAD = Runnable::run;

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
        TimeUnit.NANOSECONDS.sleep(nanos);
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
    public void after(long nanos, Runnable task) {
        CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS, TIMER_THREAD)
                .execute(task);
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
