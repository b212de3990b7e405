// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.runtime;

import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * Threads, time and randomness of the engine. A simulation passes its own.
 *
 * @param sealing runs short tasks that compute; as many threads as processors
 * @param requests runs tasks that wait for the store: parts of reads, compactions, checkpoints
 * @param uploads runs uploads of commits, with one thread for each that may be in flight, so that nothing delays them
 * @param timer runs tasks later
 * @param nanoTime the clock of {@link io.zerofs.core.runtime.Machine}, which the engine's waits end by
 * @param random for salts, so in production a {@link java.security.SecureRandom}, and for jitter
 */
public record EngineRuntime(
        Executor sealing,
        Executor requests,
        Executor uploads,
        Timer timer,
        LongSupplier nanoTime,
        RandomGenerator random) {

    /** Runs short tasks, which must not wait, after a delay. */
    @FunctionalInterface
    public interface Timer {
        void after(long nanos, Runnable task);
    }
}
