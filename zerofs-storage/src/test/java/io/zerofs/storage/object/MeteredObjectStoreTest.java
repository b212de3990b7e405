// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
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

        assertEquals(2, metered.requests(StoreOperation.PUT));
        assertEquals(8, metered.bytes(StoreOperation.PUT));
        assertEquals(1, count("put", "condition_failed"));
        assertEquals(1, count("put", "ok"));
        assertEquals(2, metered.requests(StoreOperation.GET_RANGE));
        assertEquals(2, metered.bytes(StoreOperation.GET_RANGE));
        assertEquals(1, count("get_range", "not_found"));
        assertEquals(1, count("get_range", "ok"));
        assertEquals(1, metered.requests(StoreOperation.LIST));
        assertEquals(1, count("delete", "unavailable"));
        assertEquals(0, count("delete", "throttled"));
    }

    @Test
    void aThrottledRequestCountsAsThat() {
        ObjectStoreException throttled = ObjectStoreException.throttled("slow down", null);
        MeteredObjectStore store = new MeteredObjectStore(
                new ForwardingObjectStore(faulty) {
                    @Override
                    public Map<String, ObjectStoreException> delete(Collection<String> names) {
                        return Map.of("a", throttled, "b", throttled);
                    }
                },
                clock);
        assertDoesNotThrow(() -> store.delete(List.of("a", "b", "c")));
        assertEquals(1, store.requests(StoreOperation.DELETE));
        assertEquals(2, count(store, "delete", "throttled"));
        assertEquals(0, count(store, "delete", "unavailable"));
        assertEquals(0, count(store, "delete", "ok"));
    }

    @Test
    void latencyIsCountedByItsBound() throws Exception {
        put("a", "x");
        get("a");
        get("a");
        HistogramDataPointSnapshot gets = ((HistogramSnapshot)
                        metered.collectors().get(2).collect())
                .getDataPoints().stream()
                        .filter(each -> "get".equals(each.getLabels().get("operation")))
                        .findFirst()
                        .orElseThrow();
        ClassicHistogramBuckets buckets = gets.getClassicBuckets();
        for (int i = 0; i < buckets.size(); i++) {
            assertEquals(buckets.getUpperBound(i) == 0.01 ? 2 : 0, buckets.getCount(i));
        }
        assertEquals(0.014, gets.getSum(), 1e-12);
    }

    private double count(String operation, String outcome) {
        return count(metered, operation, outcome);
    }

    private static double count(MeteredObjectStore store, String operation, String outcome) {
        return ((CounterSnapshot) store.collectors().get(0).collect())
                .getDataPoints().stream()
                        .filter(each -> each.getLabels().equals(Labels.of("operation", operation, "outcome", outcome)))
                        .findFirst()
                        .orElseThrow()
                        .getValue();
    }
}
