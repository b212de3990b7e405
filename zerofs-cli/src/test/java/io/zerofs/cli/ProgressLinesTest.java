// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.prometheus.metrics.model.registry.Collector;
import io.zerofs.core.trace.Trace;
import io.zerofs.storage.object.StoreMetrics;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.object.StoreRequest;
import io.zerofs.storage.recovery.OpenProgress.Step;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProgressLinesTest {
    /** A store whose newest request failed. */
    private static final class Failing implements StoreMetrics {
        @Override
        public Optional<String> lastFailure() {
            return Optional.of("connection refused");
        }

        @Override
        public double answerAgeSeconds() {
            return Double.NaN;
        }

        @Override
        public Trace<StoreRequest> trace() {
            return new Trace<>();
        }

        @Override
        public long requests(StoreOperation operation) {
            return 1;
        }

        @Override
        public long bytes(StoreOperation operation) {
            return 0;
        }

        @Override
        public List<Collector> collectors() {
            return List.of();
        }
    }

    private final List<String> lines = new ArrayList<>();

    @Test
    void openingHasALinePerStepAndEveryTenSecondsWithTheCause() {
        try (OpeningLog opening = new OpeningLog(lines::add)) {
            for (int second = 0; second < 3; second++) {
                opening.tick();
            }
            opening.advanced(Step.DERIVING_KEY, 0, 1);
            opening.tick();
            opening.advanced(Step.CLAIMING, 0, 0);
            opening.watch(new Failing());
            for (int second = 0; second < 12; second++) {
                opening.tick();
            }
        }
        String claiming = "opening: claiming the volume; the store's last answer: connection refused";
        assertEquals(
                List.of(
                        "opening: reading the volume object",
                        "opening: deriving the key, which takes time on purpose",
                        claiming,
                        claiming),
                lines);
    }

    @Test
    void activityHasALineForAMinuteInWhichThereWasSome() {
        ActivityLog.Sums start = new ActivityLog.Sums(5, 1_000, 5, 1_000, 0, 0, 0);
        Deque<ActivityLog.Sums> sums = new ArrayDeque<>(
                List.of(start, start, new ActivityLog.Sums(7, 2_001_000, 6, 501_000, 3, 4_000_000, 3_000_000), start));
        try (ActivityLog activity = new ActivityLog(sums::remove, lines::add)) {
            activity.tick();
            activity.tick();
        }
        assertEquals(
                List.of("last minute: 2.0 MB in 2 requests to the store, 0.5 MB in 1 from it, 3 objects deleted;"
                        + " it holds 4.0 MB of file data, 3.0 MB of it in use"),
                lines);
    }
}
