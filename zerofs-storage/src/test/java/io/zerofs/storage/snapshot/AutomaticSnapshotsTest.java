// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import io.zerofs.storage.snapshot.AutomaticSnapshots.Period;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Automatic snapshots and their retention. */
final class AutomaticSnapshotsTest {
    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    private Instant now = Instant.parse("2026-12-31T22:59:00Z");
    private Process process;
    private AutomaticSnapshots automatic;

    @BeforeEach
    void open() throws Exception {
        process = fixture.process().open();
    }

    private void keep(Map<Period, Integer> kept) {
        automatic = new AutomaticSnapshots(
                process.keeper.snapshots(),
                new AutomaticSnapshots.Changes() {
                    @Override
                    public long count() {
                        return process.volume.changes();
                    }

                    @Override
                    public long lastSeq() {
                        return process.volume.lastApplied().seq();
                    }
                },
                kept);
    }

    private void pass(Duration time) throws Exception {
        now = now.plus(time);
        automatic.update(now);
    }

    private List<String> names() {
        return process.keeper.snapshots().list().stream().map(Snapshot::name).toList();
    }

    @Test
    void eachPeriodHasOneSnapshotAndNamesSort() throws Exception {
        keep(Map.of(Period.HOURLY, 24, Period.DAILY, 7, Period.WEEKLY, 4, Period.MONTHLY, 12));
        pass(Duration.ZERO);
        for (int minute = 0; minute < 70; minute++) {
            process.write(0, "minute " + minute);
            pass(Duration.ofMinutes(1));
        }
        assertEquals(
                List.of(
                        "auto-hourly-2026-12-31-22",
                        "auto-daily-2026-12-31",
                        "auto-weekly-2026-W53",
                        "auto-monthly-2026-12",
                        "auto-hourly-2026-12-31-23",
                        "auto-hourly-2027-01-01-00",
                        "auto-daily-2027-01-01",
                        "auto-monthly-2027-01"),
                names());
    }

    @Test
    void theOldestGoAndThoseMadeByHandStay() throws Exception {
        keep(Map.of(Period.HOURLY, 2));
        process.keeper.snapshots().create("by-hand");
        for (int hour = 0; hour < 4; hour++) {
            process.write(0, "hour " + hour);
            pass(Duration.ofHours(1));
        }
        assertEquals(List.of("by-hand", "auto-hourly-2027-01-01-01", "auto-hourly-2027-01-01-02"), names());
    }

    @Test
    void aVolumeAtRestKeepsItsSnapshots() throws Exception {
        keep(Map.of(Period.HOURLY, 2));
        process.write(0, "one");
        pass(Duration.ZERO);
        process.write(0, "two");
        pass(Duration.ofHours(1));
        List<String> before = names();
        // Upkeep makes commits, too.
        process.volume.forget(List.of(new byte[] {1})).get();
        for (int hour = 0; hour < 5; hour++) {
            pass(Duration.ofHours(1));
        }
        assertEquals(before, names());
        process.shutDown();
        process = fixture.process().open();
        keep(Map.of(Period.HOURLY, 2));
        pass(Duration.ofHours(1));
        process.write(0, "three");
        pass(Duration.ofHours(1));
        // The first one after a restart counts commits.
        assertEquals(List.of("auto-hourly-2027-01-01-05", "auto-hourly-2027-01-01-06"), names());
    }

    @Test
    void namesOfAutomaticSnapshotsAreReserved() {
        SnapshotException refused = assertThrows(
                SnapshotException.class, () -> process.keeper.snapshots().create("auto-hourly-2026-12-31-22"));
        assertEquals(SnapshotException.Kind.INVALID, refused.kind());
    }
}
