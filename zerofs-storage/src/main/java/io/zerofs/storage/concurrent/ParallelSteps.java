// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.concurrent;

import java.util.concurrent.Executor;
import java.util.concurrent.Phaser;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;

/**
 * Runs independent steps on an executor and on the calling thread, which never only waits: it takes steps until none is
 * left, so a busy executor delays nothing and cannot deadlock.
 *
 * @param helpersMax threads used beside the caller
 */
public record ParallelSteps(Executor executor, int helpersMax) {
    /** Everything on the calling thread. */
    public static final ParallelSteps NONE = new ParallelSteps(Runnable::run, 0);

    /** Returns when all steps are done; throws what a step threw first. */
    public void run(int count, IntConsumer step) {
        Run run = new Run(count, step);
        for (int i = 0; i < Math.min(helpersMax, count - 1); i++) {
            try {
                executor.execute(run::take);
            } catch (RejectedExecutionException | OutOfMemoryError e) {
                // No thread can be had: the caller's does the work.
                break;
            }
        }
        run.take();
        run.await();
    }

    private static final class Run {
        private final int count;
        private final IntConsumer step;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicReference<Throwable> failure = new AtomicReference<>();
        /** One party for the caller and one for each step under way: a helper that comes too late has nothing to do. */
        private final Phaser underWay = new Phaser(1);

        Run(int count, IntConsumer step) {
            this.count = count;
            this.step = step;
        }

        void take() {
            if (underWay.register() < 0) {
                return;
            }
            try {
                for (int i = next.getAndIncrement(); i < count && failure.get() == null; i = next.getAndIncrement()) {
                    step.accept(i);
                }
            } catch (RuntimeException | Error e) {
                // An error, too: else the caller would take a step that was not done for done.
                failure.compareAndSet(null, e);
            } finally {
                underWay.arriveAndDeregister();
            }
        }

        void await() {
            int phase = underWay.arriveAndDeregister();
            while (!underWay.isTerminated()) {
                try {
                    underWay.awaitAdvance(phase);
                } catch (OutOfMemoryError e) {
                    // Waiting takes memory, and what is under way may not outlive the call.
                    Thread.yield();
                }
            }
            Throwable first = failure.get();
            if (first instanceof Error error) {
                throw error;
            }
            if (first != null) {
                throw (RuntimeException) first;
            }
        }
    }
}
