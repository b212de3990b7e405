// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.waiting;

/**
 * Marks a thread that serves many connections and therefore must not wait for anything but short locks.
 *
 * <p>A request that memory can answer runs on such a thread without a change of thread. Before code waits for the
 * store, for memory or for an upload slot, it calls {@link #check()}. On a marked thread that throws {@link
 * WouldBlockException}, and the caller runs the whole request again on a thread that may wait. Every operation that can
 * throw it must therefore do so before it changes anything.
 */
public interface NonBlockingThread {

    /** Returns whether the current thread must not wait. */
    static boolean isCurrent() {
        return Thread.currentThread() instanceof NonBlockingThread;
    }

    /**
     * Throws {@link WouldBlockException} on a thread that must not wait. Call it while holding no lock and before any
     * side effect.
     */
    static void check() {
        if (isCurrent()) {
            throw WouldBlockException.INSTANCE;
        }
    }
}
