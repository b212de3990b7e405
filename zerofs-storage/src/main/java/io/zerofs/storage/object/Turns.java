// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import io.zerofs.core.runtime.Machine;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A number of turns, which threads take in the order in which they ask. Thread-safe. */
final class Turns {
    private final Queue<CompletableFuture<Void>> waiting = new ArrayDeque<>();
    private int free;

    Turns(int count) {
        free = count;
    }

    /** Waits for a turn. */
    void take() throws InterruptedException {
        CompletableFuture<Void> turn = ask();
        try {
            Machine.current().await(turn);
        } catch (InterruptedException e) {
            if (!withdraw(turn)) {
                giveBack();
            }
            throw e;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a turn does not fail", e);
        }
    }

    private synchronized CompletableFuture<Void> ask() {
        CompletableFuture<Void> turn = new CompletableFuture<>();
        if (free > 0) {
            free--;
            turn.complete(null);
        } else {
            waiting.add(turn);
        }
        return turn;
    }

    private synchronized boolean withdraw(CompletableFuture<Void> turn) {
        return waiting.remove(turn);
    }

    /** Hands a turn on. */
    void giveBack() {
        CompletableFuture<Void> next;
        synchronized (this) {
            next = waiting.poll();
            if (next == null) {
                free++;
            }
        }
        if (next != null) {
            next.complete(null);
        }
    }
}
