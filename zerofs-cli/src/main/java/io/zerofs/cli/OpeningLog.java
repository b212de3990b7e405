// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.storage.lifecycle.OpenProgress;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes a line per second while a volume is being opened, so that nobody takes a long open for a hang. Thread-safe. */
final class OpeningLog implements OpenProgress, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(OpeningLog.class);

    private record State(Step step, long done, long total) {}

    private final ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "zerofs-opening");
        thread.setDaemon(true);
        return thread;
    });
    private volatile State state = new State(Step.READING_VOLUME, 0, 0);

    OpeningLog() {
        ticker.scheduleAtFixedRate(this::tick, 1, 1, TimeUnit.SECONDS);
    }

    @Override
    public void advanced(Step step, long done, long total) {
        state = new State(step, done, total);
    }

    @Override
    public void warned(String message) {
        log.warn("{}", message);
    }

    private void tick() {
        log.info("opening: {}", describe(state));
    }

    private static String describe(State now) {
        String what = switch (now.step()) {
            case READING_VOLUME -> "reading the volume object";
            case CLAIMING -> "claiming the volume";
            case FENCING -> "fencing earlier writers";
            case BUILDING_DATABASE -> "fetching the index";
            case REPLAYING -> "replaying the log";
        };
        if (now.total() <= 0) {
            return what;
        }
        return now.step() == Step.BUILDING_DATABASE
                ? String.format(Locale.ROOT, "%s, %.1f of %.1f MB", what, now.done() / 1e6, now.total() / 1e6)
                : what + ", " + now.done() + " of " + now.total();
    }

    @Override
    public void close() {
        ticker.shutdownNow();
    }
}
