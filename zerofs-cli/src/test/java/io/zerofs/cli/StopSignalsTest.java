// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StopSignalsTest {
    private final List<Integer> counts = new ArrayList<>();
    private long now = Long.MAX_VALUE - 5;
    private final StopSignals signals = new StopSignals(() -> now, counts::add);

    /** {@code timeout} sends SIGTERM to the process and to its group. That must not end the daemon at once. */
    @Test
    void signalsAtNearlyTheSameMomentAreOne() {
        signals.receive();
        now += 20;
        signals.receive();
        assertEquals(List.of(1), counts);
    }

    @Test
    void laterSignalCountsAsTheSecond() {
        signals.receive();
        now += StopSignals.ONE_REQUEST.toNanos();
        signals.receive();
        assertEquals(List.of(1, 2), counts);
    }
}
