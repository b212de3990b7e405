// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.core.background.TaskHealth;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.snapshot.AutomaticSnapshots;
import io.zerofs.storage.snapshot.AutomaticSnapshots.Period;
import io.zerofs.storage.snapshot.SnapshotException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Looks once a minute whether an automatic snapshot is due. Ticks on its own thread. */
final class SnapshotTimer implements AutoCloseable {
    private static final Duration INTERVAL = Duration.ofMinutes(1);

    private final AutomaticSnapshots snapshots;
    private final TaskHealth health = new TaskHealth("automatic snapshots", INTERVAL, INTERVAL);
    private final ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "zerofs-snapshots");
        thread.setDaemon(true);
        return thread;
    });

    private SnapshotTimer(AutomaticSnapshots snapshots) {
        this.snapshots = snapshots;
    }

    static SnapshotTimer start(StorageVolume volume, Map<Period, Integer> kept) {
        AutomaticSnapshots.Changes changes = new AutomaticSnapshots.Changes() {
            @Override
            public long count() {
                return volume.changes();
            }

            @Override
            public long lastSeq() {
                return volume.lastApplied().seq();
            }
        };
        SnapshotTimer timer = new SnapshotTimer(new AutomaticSnapshots(volume.snapshots(), changes, kept));
        if (!kept.isEmpty()) {
            timer.ticker.scheduleAtFixedRate(timer::tick, 1, INTERVAL.toSeconds(), TimeUnit.SECONDS);
        }
        return timer;
    }

    private void tick() {
        try {
            snapshots.update(Instant.now());
            health.succeeded();
        } catch (SnapshotException | RuntimeException | Error e) {
            health.failed(e);
        }
    }

    /** Does not wait for a snapshot that is being created. */
    @Override
    public void close() {
        ticker.shutdown();
    }
}
