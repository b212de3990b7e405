// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.storage.gc.GcSettings;
import java.time.Duration;

/** Limits of garbage collection. */
public record GcConfig(
        @Setting(
                value = "Whether garbage collection deletes dead data. Without it the store only grows.",
                byDefault = "true")
        boolean enabled,

        @Setting(
                value = "Share of time for compaction while clients are busy.",
                byDefault = "0.25",
                min = 0.01,
                max = 1)
        double share,

        @Setting(
                value =
                        "Chunks that compaction reads at a time. Each needs one or more requests and up to 1 MB of memory.",
                byDefault = "4",
                min = 1,
                max = 64)
        int requests,

        @Setting(
                value =
                        "Share of the store that may be garbage before compaction starts; half of it while clients are idle.",
                byDefault = "0.2",
                min = 0.02,
                max = 0.9)
        double garbage,

        @Setting(
                value = "Seconds between the announcement of a deletion and the deletion of the object.",
                byDefault = "30.0",
                min = 0,
                max = 86_400)
        double graceSecs) {

    private static final double MILLIS_PER_SECOND = 1000;

    public GcSettings settings() {
        return GcSettings.DEFAULT
                .withEnabled(enabled)
                .withShare(share)
                .withRequestsMax(requests)
                .withGarbageShare(garbage)
                .withGrace(Duration.ofMillis(Math.round(graceSecs * MILLIS_PER_SECOND)));
    }
}
