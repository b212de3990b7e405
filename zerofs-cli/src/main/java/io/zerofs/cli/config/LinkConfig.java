// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.RetrySettings;
import java.time.Duration;

/** The network between the daemon and the store. A request has no deadline as long as its bytes move. */
public record LinkConfig(
        @Setting(
                value = "Seconds in which nothing is stored and no byte moves, after which an `fsync` fails. The daemon"
                        + " also gives up other failing requests after this time.",
                byDefault = "60.0",
                min = 1,
                max = 86_400)
        double stallSecs,

        @Setting(
                value = "Maximum seconds of a stop by a signal while bytes still move to the store.",
                byDefault = "3600.0",
                min = 1,
                max = 604_800)
        double shutdownSecs,

        @Setting(
                value = "Seconds in which no byte of a request moves, after which the daemon sends it again. Bytes that"
                        + " were sent and may still be in flight get additional time.",
                byDefault = "15.0",
                min = 1,
                max = 3_600)
        double silenceSecs,

        @Setting(value = "Maximum seconds to establish a connection.", byDefault = "10.0", min = 0.1, max = 3_600)
        double connectSecs,

        @Setting(
                value = "Slowest expected rate of the link to the store, in kB per second.",
                byDefault = "64.0",
                min = 1,
                max = 1_000_000)
        double slowestKbPerSec,

        @Setting(
                value = "Seconds. At most as much written data is in flight as the link carries in this time.",
                byDefault = "30.0",
                min = 1,
                max = 3_600)
        double uploadWindowSecs,

        @Setting(
                value =
                        "Maximum number of commits in flight. More than 8 are in flight only if the round trip is long.",
                byDefault = "16",
                min = 1,
                max = 64)
        int uploads,

        @Setting(
                value = "Maximum number of requests in flight; further requests wait.",
                byDefault = "64",
                min = 4,
                max = 1_024)
        int requests) {
    private static final double BYTES_PER_KB = 1e3;
    private static final double MILLIS_PER_SECOND = 1e3;

    public Duration stall() {
        return seconds(stallSecs);
    }

    public Duration shutdown() {
        return seconds(shutdownSecs);
    }

    /** Returns the limits of connections to the store. */
    public ConnectionSettings connections() {
        return new ConnectionSettings(
                requests,
                seconds(connectSecs),
                seconds(silenceSecs),
                (int) (slowestKbPerSec * BYTES_PER_KB),
                seconds(uploadWindowSecs));
    }

    /** Returns the delays and deadlines of repeated requests. */
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
