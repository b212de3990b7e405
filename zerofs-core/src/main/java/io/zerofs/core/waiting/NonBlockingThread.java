// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.waiting;

/**
 * Marks a thread that serves many connections and therefore must not wait for anything but short locks.
 *
 * <p>A request that memory can answer runs on such a thread without a hand-over. Code that is about to wait for the
 * store, for memory or for an upload slot calls {@link #check()} first; on a marked thread that throws {@link
 * WouldBlockException}, and the caller runs the whole request again on a thread that may wait. Therefore every
 * operation that can throw it does so before it has changed anything.
 */
public interface NonBlockingThread {

    /** Throws if the current thread must not wait. Call it while holding no lock and before any side effect. */
    static void check() {
        if (Thread.currentThread() instanceof NonBlockingThread) {
            throw WouldBlockException.INSTANCE;
        }
    }
}
