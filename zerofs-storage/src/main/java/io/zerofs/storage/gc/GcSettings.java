// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import java.time.Duration;

/**
 * Limits and intervals of garbage collection.
 *
 * @param enabled whether garbage collection counts, moves and deletes at all
 * @param share share of time for moving chunks while clients are active; all of it while they are idle
 * @param requestsMax chunks read at a time, each up to 1 MiB in memory
 * @param garbageShare share of the stored bytes that may be garbage before frames are moved; half of it while clients are
 *     idle
 * @param grace time between the announcement of a deletion in a manifest and the deletion
 * @param interval time between two checks
 * @param sweepInterval time between two sweeps for orphans
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

    public GcSettings withEnabled(boolean on) {
        return new GcSettings(on, share, requestsMax, garbageShare, grace, interval, sweepInterval);
    }

    public GcSettings withShare(double ofTime) {
        return new GcSettings(enabled, ofTime, requestsMax, garbageShare, grace, interval, sweepInterval);
    }

    public GcSettings withRequestsMax(int max) {
        return new GcSettings(enabled, share, max, garbageShare, grace, interval, sweepInterval);
    }

    public GcSettings withGarbageShare(double newShare) {
        return new GcSettings(enabled, share, requestsMax, newShare, grace, interval, sweepInterval);
    }

    public GcSettings withGrace(Duration newGrace) {
        return new GcSettings(enabled, share, requestsMax, garbageShare, newGrace, interval, sweepInterval);
    }

    public GcSettings withIntervals(Duration passes, Duration sweeps) {
        return new GcSettings(enabled, share, requestsMax, garbageShare, grace, passes, sweeps);
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
