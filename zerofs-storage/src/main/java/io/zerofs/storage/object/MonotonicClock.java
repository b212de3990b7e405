// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import io.zerofs.core.runtime.Machine;
import java.time.Duration;

/** Monotonic time, and waiting. Tests replace it, so that waiting costs no time. Thread-safe. */
public interface MonotonicClock {
    /** Returns nanoseconds since a fixed moment, as {@link System#nanoTime}. */
    long nanoTime();

    void sleep(Duration duration) throws InterruptedException;

    /** Returns the clock of each caller's machine. */
    static MonotonicClock system() {
        return new MonotonicClock() {
            @Override
            public long nanoTime() {
                return Machine.current().nanoTime();
            }

            @Override
            public void sleep(Duration duration) throws InterruptedException {
                Machine.current().sleep(duration.toNanos());
            }
        };
    }
}
