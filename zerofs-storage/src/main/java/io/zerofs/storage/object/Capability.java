// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An optional feature of a store. After a refusal the next {@value #REQUESTS_WITHOUT} requests do without the feature. Then
 * one request tries it again, because one odd answer must not decide for the life of the process. Thread-safe.
 */
public final class Capability {
    static final int REQUESTS_WITHOUT = 100;

    private final AtomicInteger without = new AtomicInteger();
    private final AtomicBoolean everRefused = new AtomicBoolean();

    /** Returns whether this request should use the feature. */
    public boolean isUsed() {
        return without.getAndUpdate(left -> Math.max(0, left - 1)) == 0;
    }

    /** Notes a refusal, and returns whether it was the first. */
    public boolean refused() {
        without.set(REQUESTS_WITHOUT);
        return everRefused.compareAndSet(false, true);
    }
}
