// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.zerofs.core.trace.Trace;
import java.util.List;
import org.junit.jupiter.api.Test;

class TraceQueueTest {
    @Test
    void aFullQueueDropsEventsAndCountsThem() throws InterruptedException {
        Trace<Integer> trace = new Trace<>();
        try (TraceQueue<Integer> queue = new TraceQueue<>(trace, 3)) {
            for (int i = 0; i < 5; i++) {
                trace.add(i);
            }
            assertEquals(List.of(0, 1), queue.next(2, 0));
            assertEquals(List.of(2), queue.next(2, 0));
            assertEquals(List.of(), queue.next(2, 1));
            assertEquals(2, queue.takeDropped());
            assertEquals(0, queue.takeDropped());
        }
        assertFalse(trace.isWatched());
    }
}
