// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

/** The timer that uploads changes without a barrier. */
public record LsmConfig(
        @Setting(
                value = "Maximum seconds that a change stays only in memory.",
                byDefault = "5.0",
                min = 0.05,
                max = 3_600)
        double flushIntervalSecs) {}
