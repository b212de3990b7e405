// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class TraceTest {
    @Test
    void eachWatcherGetsTheEventsFromItsBeginToItsEnd() {
        Trace<Integer> trace = new Trace<>();
        List<Integer> first = new ArrayList<>();
        List<Integer> second = new ArrayList<>();
        Consumer<Integer> toFirst = first::add;
        Consumer<Integer> toSecond = second::add;
        assertFalse(trace.isWatched());
        trace.add(0);
        trace.watch(toFirst);
        trace.add(1);
        trace.watch(toSecond);
        trace.add(2);
        trace.end(toFirst);
        trace.add(3);
        assertTrue(trace.isWatched());
        trace.end(toSecond);
        assertFalse(trace.isWatched());
        assertEquals(List.of(1, 2), first);
        assertEquals(List.of(2, 3), second);
    }
}
