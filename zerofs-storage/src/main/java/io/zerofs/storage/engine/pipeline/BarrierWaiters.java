// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.pipeline;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.runtime.StopSwitch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Callers of barriers, each with its commit. A later caller never waits for an earlier commit, and all have the same
 * deadline, so answers and failures come in the order of arrival. Guarded by the pipeline; futures complete outside it.
 */
final class BarrierWaiters {
    private final Deque<Waiter> waiters = new ArrayDeque<>();

    /** @param since on the engine's clock */
    private record Waiter(long seq, long since, CompletableFuture<Long> future) {
        /** Returns the time of its deadline, which counts from its arrival and from the last progress. */
        long stallsAt(long progress, long stallNanosMax) {
            return (progress - since > 0 ? progress : since) + stallNanosMax;
        }
    }

    CompletableFuture<Long> add(long seq, long since) {
        Waiter waiter = new Waiter(seq, since, new CompletableFuture<>());
        waiters.addLast(waiter);
        return waiter.future;
    }

    boolean isEmpty() {
        return waiters.isEmpty();
    }

    /** Returns the first deadline if nothing moves until then. */
    long stallsAt(long progress, long stallNanosMax) {
        return waiters.getFirst().stallsAt(progress, stallNanosMax);
    }

    /** Removes the callers whose commit is durable. */
    List<Runnable> answers(long durableSeq) {
        List<Runnable> answers = new ArrayList<>();
        while (!waiters.isEmpty() && waiters.getFirst().seq <= durableSeq) {
            Waiter waiter = waiters.removeFirst();
            answers.add(() -> waiter.future.complete(waiter.seq));
        }
        return answers;
    }

    /** Removes the callers whose deadline is over. */
    List<Runnable> expired(long now, long progress, long stallNanosMax) {
        List<Runnable> answers = new ArrayList<>();
        while (!waiters.isEmpty() && stallsAt(progress, stallNanosMax) - now <= 0) {
            Waiter waiter = waiters.removeFirst();
            answers.add(() -> waiter.future.completeExceptionally(new VolumeException(
                    VolumeException.Kind.UNAVAILABLE,
                    "the store has not taken commit " + waiter.seq + ", and nothing moved for "
                            + stallNanosMax / 1_000_000_000 + " seconds; it is still being tried")));
        }
        return answers;
    }

    /** Removes all callers. */
    List<Runnable> failures(VolumeException why) {
        List<Runnable> answers = new ArrayList<>();
        for (Waiter waiter : waiters) {
            answers.add(() -> waiter.future.completeExceptionally(StopSwitch.failure(why)));
        }
        waiters.clear();
        return answers;
    }
}
