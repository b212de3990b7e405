// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.RetrySettings;
import java.time.Duration;

/** The network between here and the store. No request has a deadline but that something of it must move. */
public record LinkConfig(
        @Setting(
                value = "How long nothing may be stored and no byte may move before an `fsync` fails, and before other"
                        + " requests that fail are given up.",
                byDefault = "60.0",
                min = 1,
                max = 86_400)
        double stallSecs,

        @Setting(
                value = "How long a stop by a signal may take while bytes still move to the store.",
                byDefault = "3600.0",
                min = 1,
                max = 604_800)
        double shutdownSecs,

        @Setting(
                value = "How long nothing of one request may move before it is sent again. What it sent and what may"
                        + " still be under way is given its time on top.",
                byDefault = "15.0",
                min = 1,
                max = 3_600)
        double silenceSecs,

        @Setting(value = "How long it may take to establish a connection.", byDefault = "10.0", min = 0.1, max = 3_600)
        double connectSecs,

        @Setting(
                value = "The slowest link to the store that is counted with, in kB per second.",
                byDefault = "64.0",
                min = 1,
                max = 1_000_000)
        double slowestKbPerSec,

        @Setting(
                value = "No more written data is on its way at a time than the link carries in these seconds.",
                byDefault = "30.0",
                min = 1,
                max = 3_600)
        double uploadWindowSecs,

        @Setting(value = "Commits on their way at a time.", byDefault = "8", min = 1, max = 64)
        int uploads,

        @Setting(value = "Requests at a time; further ones wait.", byDefault = "64", min = 4, max = 1_024)
        int requests) {
    private static final double BYTES_PER_KB = 1e3;
    private static final double MILLIS_PER_SECOND = 1e3;

    public Duration stall() {
        return seconds(stallSecs);
    }

    public Duration shutdown() {
        return seconds(shutdownSecs);
    }

    /** How the store is reached. */
    public ConnectionSettings connections() {
        return new ConnectionSettings(
                requests,
                seconds(connectSecs),
                seconds(silenceSecs),
                (int) (slowestKbPerSec * BYTES_PER_KB),
                seconds(uploadWindowSecs));
    }

    /** How long requests are repeated. */
    public RetrySettings retries() {
        RetrySettings usual = RetrySettings.DEFAULTS;
        boolean patient = stall().compareTo(usual.throttledDeadline()) > 0;
        return new RetrySettings(
                usual.firstDelay(), usual.delayMax(), stall(), patient ? stall() : usual.throttledDeadline());
    }

    private static Duration seconds(double number) {
        return Duration.ofMillis(Math.round(number * MILLIS_PER_SECOND));
    }
}
