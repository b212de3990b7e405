// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

/** When changes go to the store without being asked to. */
public record LsmConfig(
        @Setting(
                value = "Longest time that a change stays in memory only, in seconds.",
                byDefault = "5.0",
                min = 0.05,
                max = 3_600)
        double flushIntervalSecs) {}
