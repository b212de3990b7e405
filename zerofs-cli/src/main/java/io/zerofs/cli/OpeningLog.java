// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.storage.object.StoreMetrics;
import io.zerofs.storage.recovery.OpenProgress;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs the steps of an opening volume, so that nobody mistakes a long opening for a hang. It logs a step after one second
 * and then every ten seconds. The line has the store's newest failure, which is usually the cause. Thread-safe.
 */
final class OpeningLog implements OpenProgress, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(OpeningLog.class);
    private static final int SECONDS_BETWEEN_LINES = 10;

    private record State(Step step, long done, long total) {}

    private final Consumer<String> lines;
    private final ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "zerofs-opening");
        thread.setDaemon(true);
        return thread;
    });
    private volatile State state = new State(Step.READING_VOLUME, 0, 0);
    private volatile Optional<StoreMetrics> store = Optional.empty();

    // Confined to the ticking thread.
    private Step told;
    private int secondsSince;

    OpeningLog(Consumer<String> lines) {
        this.lines = lines;
    }

    /** Returns a log that writes until it is closed. */
    static OpeningLog start() {
        OpeningLog opening = new OpeningLog(log::info);
        opening.ticker.scheduleAtFixedRate(opening::tick, 1, 1, TimeUnit.SECONDS);
        return opening;
    }

    /** Sets the metrics of the volume's store. */
    void watch(StoreMetrics metrics) {
        store = Optional.of(metrics);
    }

    @Override
    public void advanced(Step step, long done, long total) {
        state = new State(step, done, total);
    }

    @Override
    public void warned(String message) {
        log.warn("{}", message);
    }

    /** Notes that a second has passed. */
    void tick() {
        State now = state;
        secondsSince++;
        if (now.step() != told || secondsSince >= SECONDS_BETWEEN_LINES) {
            told = now.step();
            secondsSince = 0;
            lines.accept("opening: " + describe(now)
                    + store.flatMap(StoreMetrics::lastFailure)
                            .map(failure -> "; the store's last answer: " + failure)
                            .orElse(""));
        }
    }

    private static String describe(State now) {
        String what = switch (now.step()) {
            case READING_VOLUME -> "reading the volume object";
            case DERIVING_KEY -> "deriving the key, which takes time on purpose";
            case CLAIMING -> "claiming the volume";
            case FENCING -> "reading the logs of writers";
            case BUILDING_DATABASE -> "fetching the index";
            case REPLAYING -> "replaying the log";
        };
        if (now.total() <= 1) {
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
