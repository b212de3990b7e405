// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.waiting;

/**
 * Marks a thread that works for one client at a time, so that a queue for a scarce resource can alternate among clients
 * instead of threads.
 */
public interface OnBehalf {
    /** Returns the client that the thread works for now. Called on the thread itself. */
    Object beneficiary();

    /** Returns the client that the current thread works for. All threads without this mark work for the same one. */
    static Object current() {
        return Thread.currentThread() instanceof OnBehalf marked ? marked.beneficiary() : OnBehalf.class;
    }
}
