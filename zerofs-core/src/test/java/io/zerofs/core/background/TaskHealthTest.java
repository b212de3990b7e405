// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.background;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class TaskHealthTest {
    private final TaskHealth health = new TaskHealth("a test", Duration.ofSeconds(1), Duration.ofSeconds(5));

    @Test
    void theDelayDoublesUpToItsBoundAndASuccessResetsIt() {
        assertEquals(List.of(1L, 2L, 4L, 5L, 5L), delays(5));
        health.succeeded();
        assertEquals(List.of(1L), delays(1));
        assertEquals(6, health.restarts());
    }

    @Test
    void aTaskThatFailsForEverKeepsItsBound() {
        assertEquals(5L, delays(1000).get(999));
    }

    private List<Long> delays(int failures) {
        return IntStream.range(0, failures)
                .mapToObj(i -> health.failed(new IllegalStateException("failure " + i)) / 1_000_000_000)
                .toList();
    }
}
