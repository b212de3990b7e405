// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.storage.snapshot.AutomaticSnapshots.Period;
import java.util.EnumMap;
import java.util.Map;

/** Automatic snapshots. Together they are fewer than a volume may have. */
public record SnapshotsConfig(
        @Setting(value = "Hourly snapshots that stay. 0: none is created.", byDefault = "0", min = 0, max = 48)
        int hourly,

        @Setting(value = "Daily snapshots that stay.", byDefault = "0", min = 0, max = 62)
        int daily,

        @Setting(value = "Weekly snapshots that stay.", byDefault = "0", min = 0, max = 52)
        int weekly,

        @Setting(value = "Monthly snapshots that stay.", byDefault = "0", min = 0, max = 24)
        int monthly) {

    /** Returns the number of snapshots that stay of each period that has any. */
    public Map<Period, Integer> kept() {
        Map<Period, Integer> kept = new EnumMap<>(
                Map.of(Period.HOURLY, hourly, Period.DAILY, daily, Period.WEEKLY, weekly, Period.MONTHLY, monthly));
        kept.values().removeIf(count -> count == 0);
        return kept;
    }
}
