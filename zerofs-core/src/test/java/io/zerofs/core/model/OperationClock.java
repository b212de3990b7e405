// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import io.zerofs.core.vfs.Timestamp;
import java.time.Instant;
import java.time.InstantSource;

/**
 * A clock on which each operation has a second of its own, whenever it runs. So every change in a file system carries
 * the number of its operation. Threads without an operation see the last second. Thread-safe.
 */
final class OperationClock implements InstantSource {
    private static final long BEGIN_SECONDS = 2_000_000_000;

    private final ThreadLocal<Long> current = new ThreadLocal<>();
    private volatile long last;

    /** Begins the next operation, without a thread. */
    synchronized long next() {
        return ++last;
    }

    /** Sets the operation of this thread; null: none. Returns the one before. */
    Long set(Long operation) {
        Long before = current.get();
        if (operation == null) {
            current.remove();
        } else {
            current.set(operation);
        }
        return before;
    }

    long last() {
        return last;
    }

    static long operation(Timestamp time) {
        return time.seconds() - BEGIN_SECONDS;
    }

    @Override
    public Instant instant() {
        Long operation = current.get();
        return Instant.ofEpochSecond(BEGIN_SECONDS + (operation == null ? last : operation));
    }
}
