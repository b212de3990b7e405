// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.snapshot;

import io.zerofs.storage.manifest.Snapshot;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.IsoFields;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Creates a snapshot for each hour, day, week and month in which the volume changed, and deletes its own oldest ones. It
 * never deletes another. Confined to one thread at a time.
 */
public final class AutomaticSnapshots {
    /** Begin of the names of automatic snapshots. No other snapshot may have such a name. */
    static final String PREFIX = "auto-";

    private final Snapshots snapshots;
    private final Changes changes;
    private final Map<Period, Integer> kept;
    /** Changes before the newest snapshot of a period; without those that an earlier process made. */
    private final Map<Period, Long> changesBefore = new EnumMap<>(Period.class);

    /** The changes of a volume. */
    public interface Changes {
        /** Returns the number of changes by clients since the volume was opened. */
        long count();

        /** Returns the last durable commit. */
        long lastSeq();
    }

    /** A series of snapshots. Its names sort by time, which is UTC. */
    public enum Period {
        HOURLY {
            @Override
            String time(ZonedDateTime now) {
                return String.format(Locale.ROOT, "%tF-%<tH", now);
            }
        },
        DAILY {
            @Override
            String time(ZonedDateTime now) {
                return String.format(Locale.ROOT, "%tF", now);
            }
        },
        WEEKLY {
            @Override
            String time(ZonedDateTime now) {
                return String.format(
                        Locale.ROOT,
                        "%d-W%02d",
                        now.get(IsoFields.WEEK_BASED_YEAR),
                        now.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
            }
        },
        MONTHLY {
            @Override
            String time(ZonedDateTime now) {
                return String.format(Locale.ROOT, "%tY-%<tm", now);
            }
        };

        abstract String time(ZonedDateTime now);

        private String prefix() {
            return PREFIX + name().toLowerCase(Locale.ROOT) + "-";
        }
    }

    /** @param kept number of snapshots that stay of each period; none for a period without snapshots */
    public AutomaticSnapshots(Snapshots snapshots, Changes changes, Map<Period, Integer> kept) {
        this.snapshots = snapshots;
        this.changes = changes;
        this.kept = new EnumMap<>(kept);
    }

    /** Creates the snapshots that are due, and deletes old ones. Called every minute or so. */
    public void update(Instant now) throws SnapshotException {
        for (Map.Entry<Period, Integer> each : kept.entrySet()) {
            Period period = each.getKey();
            String name = period.prefix() + period.time(now.atZone(ZoneOffset.UTC));
            List<Snapshot> series = series(period);
            boolean exists =
                    series.stream().anyMatch(snapshot -> snapshot.name().equals(name));
            if (!exists && hasChanged(period, series)) {
                long before = changes.count();
                snapshots.createAutomatic(name);
                changesBefore.put(period, before);
                series = series(period);
            }
            for (Snapshot old : series.subList(0, Math.max(0, series.size() - each.getValue()))) {
                snapshots.delete(old.name());
            }
        }
    }

    /** Returns the snapshots of a period in the order of their creation, which a wrong clock does not change. */
    private List<Snapshot> series(Period period) {
        return snapshots.list().stream()
                .filter(snapshot -> snapshot.name().startsWith(period.prefix()))
                .toList();
    }

    /** Commits alone are no changes: garbage collection makes some, for example after the deletion of a snapshot. */
    private boolean hasChanged(Period period, List<Snapshot> series) {
        Long before = changesBefore.get(period);
        return series.isEmpty()
                || (before == null
                        ? changes.count() > 0
                                || changes.lastSeq()
                                        > series.get(series.size() - 1).cutSeq()
                        : changes.count() > before);
    }
}
