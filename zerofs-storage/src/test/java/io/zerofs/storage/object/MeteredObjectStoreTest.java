// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.StoreMetrics.OperationCounts;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class MeteredObjectStoreTest extends ObjectStoreContract {
    private final ManualMonotonicClock clock = new ManualMonotonicClock();
    private final FaultyObjectStore faulty = new FaultyObjectStore(new MemoryObjectStore(), 5);
    private final MeteredObjectStore metered = new MeteredObjectStore(
            new ForwardingObjectStore(faulty) {
                @Override
                public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
                    clock.advance(Duration.ofMillis(7));
                    return super.get(name, bytesMax);
                }
            },
            clock);

    @Override
    protected ObjectStore openEmpty() {
        return metered;
    }

    @Test
    void requestsBytesRefusalsAndErrorsAreCounted() throws Exception {
        put("a", "12345");
        put("a", "123");
        metered.getRange("a", 1, 2);
        assertFails(Kind.NOT_FOUND, () -> metered.getRange("b", 1, 2));
        metered.list("", "", 9);
        faulty.setOutage(true);
        assertFails(Kind.UNAVAILABLE, () -> metered.delete(List.of("a")));

        OperationCounts puts = metered.counts(StoreOperation.PUT);
        assertEquals(2, puts.requests());
        assertEquals(8, puts.bytes());
        assertEquals(1, puts.refusals());
        OperationCounts ranges = metered.counts(StoreOperation.GET_RANGE);
        assertEquals(2, ranges.requests());
        assertEquals(2, ranges.bytes());
        assertEquals(1, ranges.errors().get(Kind.NOT_FOUND));
        assertEquals(1, metered.counts(StoreOperation.LIST).requests());
        assertEquals(1, metered.counts(StoreOperation.DELETE).errors().get(Kind.UNAVAILABLE));
    }

    @Test
    void latencyIsCountedByItsBound() throws Exception {
        put("a", "x");
        get("a");
        get("a");
        OperationCounts gets = metered.counts(StoreOperation.GET);
        int bucket = StoreMetrics.LATENCY_BOUNDS_MILLIS.indexOf(10);
        assertEquals(2, gets.latencyCounts().get(bucket));
        assertEquals(2, gets.latencyCounts().stream().mapToLong(Long::longValue).sum());
        assertEquals(14_000_000, gets.latencyNanos());
    }
}
