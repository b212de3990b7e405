// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** A clock that only a test moves. */
public final class ManualClock implements InstantSource {
    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Override
    public Instant instant() {
        return now;
    }

    /** Moves by one second and returns the new time. */
    public Timestamp tick() {
        now = now.plus(Duration.ofSeconds(1));
        return Timestamp.of(now);
    }
}
