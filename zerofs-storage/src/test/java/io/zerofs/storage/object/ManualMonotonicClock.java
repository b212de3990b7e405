// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Time that passes only when a thread waits for it, or when the test moves it. Thread-safe. */
public final class ManualMonotonicClock implements MonotonicClock {
    private final List<Duration> sleeps = new ArrayList<>();
    private long nanos = -5_000_000_000L;

    @Override
    public synchronized long nanoTime() {
        return nanos;
    }

    @Override
    public synchronized void sleep(Duration duration) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        sleeps.add(duration);
        nanos += duration.toNanos();
    }

    public synchronized void advance(Duration duration) {
        nanos += duration.toNanos();
    }

    /** All waits so far. */
    public synchronized List<Duration> sleeps() {
        return List.copyOf(sleeps);
    }
}
