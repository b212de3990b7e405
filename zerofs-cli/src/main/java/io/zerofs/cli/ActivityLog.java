// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.engine.upkeep.GcStatistics;
import io.zerofs.storage.object.StoreMetrics;
import io.zerofs.storage.object.StoreOperation;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs one line a minute about uploads, downloads and deletions, if there were any. Ticks on its own thread. */
final class ActivityLog implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ActivityLog.class);

    /** Sums since the start; stored and live bytes are present values. */
    record Sums(long puts, long putBytes, long gets, long getBytes, long deleted, long storedBytes, long liveBytes) {
        static Sums of(StoreMetrics store, GcStatistics space) {
            return new Sums(
                    store.requests(StoreOperation.PUT),
                    store.bytes(StoreOperation.PUT),
                    store.requests(StoreOperation.GET) + store.requests(StoreOperation.GET_RANGE),
                    store.bytes(StoreOperation.GET) + store.bytes(StoreOperation.GET_RANGE),
                    space.deletedObjects(),
                    space.commitBytes(),
                    space.liveBytes());
        }
    }

    private final Supplier<Sums> sums;
    private final Consumer<String> lines;
    private final ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "zerofs-activity");
        thread.setDaemon(true);
        return thread;
    });
    private Sums before;

    ActivityLog(Supplier<Sums> sums, Consumer<String> lines) {
        this.sums = sums;
        this.lines = lines;
        before = sums.get();
    }

    static ActivityLog start(StoreMetrics store, StorageVolume volume) {
        ActivityLog activity =
                new ActivityLog(() -> Sums.of(store, volume.statistics().space()), log::info);
        activity.ticker.scheduleAtFixedRate(activity::tick, 1, 1, TimeUnit.MINUTES);
        return activity;
    }

    /** Logs the last minute. */
    void tick() {
        Sums now = sums.get();
        long puts = now.puts() - before.puts();
        long gets = now.gets() - before.gets();
        long deleted = now.deleted() - before.deleted();
        if (puts + gets + deleted > 0) {
            lines.accept(String.format(
                    Locale.ROOT,
                    "last minute: %.1f MB in %d requests to the store, %.1f MB in %d from it, %d objects deleted;"
                            + " it holds %.1f MB of file data, %.1f MB of it in use",
                    (now.putBytes() - before.putBytes()) / 1e6,
                    puts,
                    (now.getBytes() - before.getBytes()) / 1e6,
                    gets,
                    deleted,
                    now.storedBytes() / 1e6,
                    now.liveBytes() / 1e6));
        }
        before = now;
    }

    @Override
    public void close() {
        ticker.shutdownNow();
    }
}
