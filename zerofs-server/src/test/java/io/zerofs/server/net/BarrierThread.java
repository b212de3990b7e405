// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.util.concurrent.CompletableFuture;

/** Ends barriers as the engine does: on a thread that is neither the server's nor the test's. */
public final class BarrierThread {
    private BarrierThread() {}

    /**
     * Completes the barrier on a thread of its own, and returns after the thread has ended. A thread that has allocated
     * a reply keeps all memory of its server. A test's own thread would keep the memory of all its servers.
     *
     * @param failure null for success
     */
    public static void complete(CompletableFuture<Void> barrier, Throwable failure) throws InterruptedException {
        Thread thread = new Thread(() -> {
            if (failure == null) {
                barrier.complete(null);
            } else {
                barrier.completeExceptionally(failure);
            }
        });
        thread.start();
        thread.join();
    }
}
