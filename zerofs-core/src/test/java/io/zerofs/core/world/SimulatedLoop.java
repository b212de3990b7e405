// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.waiting.NonBlockingThread;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * An event loop of a process. Its thread waits for messages, and for locks whose owners wait for nothing else. If it waits in
 * any other way, or keeps a lock after a message, the world fails.
 */
public final class SimulatedLoop implements AutoCloseable {
    private final Queue<Runnable> messages = new ArrayDeque<>();
    private final LoopFiber fiber;
    private Fiber.Wait idle;
    private boolean closed;

    private static final class LoopFiber extends Fiber implements NonBlockingThread {
        LoopFiber(SimulatedProcess process, String name, Runnable work, long number) {
            super(process, name, work, number);
        }
    }

    SimulatedLoop(SimulatedProcess process, String name, long number) {
        fiber = new LoopFiber(process, name, this::serve, number);
    }

    Fiber fiber() {
        return fiber;
    }

    private void serve() {
        while (!closed) {
            if (messages.isEmpty()) {
                idle = fiber.newWait();
                idle.park();
            } else {
                messages.remove().run();
                if (fiber.locks() > 0) {
                    throw new AssertionError("an event loop has served a message and holds locks: " + fiber.locks());
                }
            }
        }
    }

    /** Runs work on the loop, and waits for its end. Throws its exceptions. */
    public <T> T call(Callable<T> work) throws Exception {
        CompletableFuture<T> outcome = new CompletableFuture<>();
        messages.add(() -> {
            try {
                outcome.complete(work.call());
            } catch (Exception e) {
                outcome.completeExceptionally(e);
            }
        });
        wake();
        try {
            return Machine.current().await(outcome);
        } catch (ExecutionException e) {
            throw (Exception) e.getCause();
        }
    }

    /** Ends the thread. Nobody waits for it. */
    @Override
    public void close() {
        closed = true;
        wake();
    }

    private void wake() {
        if (idle != null) {
            idle.end();
        }
    }
}
