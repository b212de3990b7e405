// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.concurrent;

import io.zerofs.core.runtime.Machine;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;

/**
 * Runs independent steps on an executor and on the calling thread. The calling thread takes steps until none is left, so a
 * busy executor neither delays it nor causes a deadlock.
 *
 * @param helpersMax maximum number of threads besides the caller
 */
public record ParallelSteps(Executor executor, int helpersMax) {
    private static final long OUT_OF_MEMORY_PAUSE_NANOS = 1_000_000;

    /** Runs all steps on the calling thread. */
    public static final ParallelSteps NONE = new ParallelSteps(Runnable::run, 0);

    /** Runs all steps and returns when they are done. Throws the first exception of a step. */
    public void run(int count, IntConsumer step) {
        Run run = new Run(count, step);
        for (int i = 0; i < Math.min(helpersMax, count - 1); i++) {
            try {
                executor.execute(run::take);
            } catch (RejectedExecutionException | OutOfMemoryError e) {
                // No thread is available: the calling thread does the work.
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
        /** One for the caller and one for each running helper. A helper that comes too late has nothing to do. */
        private final AtomicInteger underWay = new AtomicInteger(1);

        private final CompletableFuture<Void> done = new CompletableFuture<>();

        Run(int count, IntConsumer step) {
            this.count = count;
            this.step = step;
        }

        void take() {
            if (underWay.getAndUpdate(running -> running == 0 ? 0 : running + 1) == 0) {
                return;
            }
            try {
                for (int i = next.getAndIncrement(); i < count && failure.get() == null; i = next.getAndIncrement()) {
                    step.accept(i);
                }
            } catch (RuntimeException | Error e) {
                // Errors too: otherwise the caller would treat an unfinished step as done.
                failure.compareAndSet(null, e);
            } finally {
                leave();
            }
        }

        private void leave() {
            if (underWay.decrementAndGet() == 0) {
                done.complete(null);
            }
        }

        void await() {
            leave();
            boolean interrupted = false;
            long pauseNanos = 0;
            while (!done.isDone()) {
                try {
                    Machine.current().sleep(pauseNanos);
                    Machine.current().await(done);
                } catch (OutOfMemoryError e) {
                    // Waiting may need memory that is not there, but no running step may outlive the call.
                    pauseNanos = OUT_OF_MEMORY_PAUSE_NANOS;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new IllegalStateException("the end of the steps does not fail", e);
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
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
