// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import java.time.Duration;

/**
 * How much garbage collection may do, and when.
 *
 * @param enabled whether anything is rewritten or deleted; live bytes are not even counted without
 * @param share part of the time in which chunks are moved while clients are served; all of it when none is
 * @param requestsMax chunks read at a time, each up to 1 MiB in memory
 * @param garbageShare part of the stored bytes that may be garbage before commits are rewritten; half of it while no client
 *     asks for anything
 * @param grace how long objects stay after a manifest announced their deletion
 * @param interval between two looks
 * @param sweepInterval between two searches for orphans
 */
public record GcSettings(
        boolean enabled,
        double share,
        int requestsMax,
        double garbageShare,
        Duration grace,
        Duration interval,
        Duration sweepInterval) {
    public static final GcSettings DEFAULT =
            new GcSettings(true, 0.25, 4, 0.2, Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofHours(6));

    public GcSettings {
        require(share > 0 && share <= 1, "the share of time must be above 0 and at most 1");
        require(requestsMax >= 1 && requestsMax <= 64, "chunks at a time must be 1 to 64");
        require(garbageShare > 0 && garbageShare < 1, "the share of garbage must be between 0 and 1");
        require(!grace.isNegative(), "the grace period must not be negative");
        require(isPositive(interval) && isPositive(sweepInterval), "intervals must be positive");
    }

    private static boolean isPositive(Duration duration) {
        return !duration.isNegative() && !duration.isZero();
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
