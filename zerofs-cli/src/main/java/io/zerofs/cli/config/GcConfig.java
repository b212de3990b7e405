// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.storage.gc.GcSettings;
import java.time.Duration;

/** What garbage collection may do. */
public record GcConfig(
        @Setting(value = "Whether space is given back at all. Without it the store only grows.", byDefault = "true")
        boolean enabled,

        @Setting(
                value = "Part of the time in which old data is rewritten while clients are served.",
                byDefault = "0.25",
                min = 0.01,
                max = 1)
        double share,

        @Setting(
                value = "Chunks read at a time, each a request or more and up to 1 MB of memory.",
                byDefault = "4",
                min = 1,
                max = 64)
        int requests,

        @Setting(
                value = "Part of the store that may be garbage before data is rewritten; half of it while nobody asks.",
                byDefault = "0.2",
                min = 0.02,
                max = 0.9)
        double garbage,

        @Setting(
                value = "How long objects stay after their deletion was announced, in seconds.",
                byDefault = "30.0",
                min = 0,
                max = 86_400)
        double graceSecs) {

    private static final double MILLIS_PER_SECOND = 1000;

    public GcSettings settings() {
        return new GcSettings(
                enabled,
                share,
                requests,
                garbage,
                Duration.ofMillis(Math.round(graceSecs * MILLIS_PER_SECOND)),
                GcSettings.DEFAULT.interval(),
                GcSettings.DEFAULT.sweepInterval());
    }
}
