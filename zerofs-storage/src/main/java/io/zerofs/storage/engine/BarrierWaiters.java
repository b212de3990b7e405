// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.core.volume.VolumeException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Who waits for which commit. Those who come later never wait for an earlier commit, and all wait equally long, so both
 * answers and deadlines come in the order of arrival. Guarded by the pipeline; futures are completed outside of it.
 */
final class BarrierWaiters {
    private final Deque<Waiter> waiters = new ArrayDeque<>();

    /** @param deadline on the engine's clock */
    private record Waiter(long seq, long deadline, CompletableFuture<Long> future) {}

    CompletableFuture<Long> add(long seq, long deadline) {
        Waiter waiter = new Waiter(seq, deadline, new CompletableFuture<>());
        waiters.addLast(waiter);
        return waiter.future;
    }

    boolean isEmpty() {
        return waiters.isEmpty();
    }

    /** When the first of them has waited long enough. */
    long firstDeadline() {
        return waiters.getFirst().deadline;
    }

    /** Takes out those whose commit is durable. */
    List<Runnable> answers(long durableSeq) {
        List<Runnable> answers = new ArrayList<>();
        while (!waiters.isEmpty() && waiters.getFirst().seq <= durableSeq) {
            Waiter waiter = waiters.removeFirst();
            answers.add(() -> waiter.future.complete(waiter.seq));
        }
        return answers;
    }

    /** Takes out those whose deadline has passed. */
    List<Runnable> expired(long now) {
        List<Runnable> answers = new ArrayList<>();
        while (!waiters.isEmpty() && waiters.getFirst().deadline - now <= 0) {
            Waiter waiter = waiters.removeFirst();
            answers.add(() -> waiter.future.completeExceptionally(new VolumeException(
                    VolumeException.Kind.UNAVAILABLE,
                    "the store has not taken commit " + waiter.seq + " in time; it is still being tried")));
        }
        return answers;
    }

    /** Takes out all. */
    List<Runnable> failures(VolumeException why) {
        List<Runnable> answers = new ArrayList<>();
        for (Waiter waiter : waiters) {
            answers.add(() -> waiter.future.completeExceptionally(StopSwitch.failure(why)));
        }
        waiters.clear();
        return answers;
    }
}
