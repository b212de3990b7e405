// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;

/**
 * Counts the calls of a store. It is below {@link RetryingObjectStore}, so it counts each attempt. A long list or delete
 * that needs several requests counts as one. Thread-safe.
 */
public final class MeteredObjectStore extends ForwardingObjectStore implements StoreMetrics {
    private volatile Optional<String> lastFailure = Optional.empty();
    private final MonotonicClock clock;
    private final Map<StoreOperation, Meter> meters = new EnumMap<>(StoreOperation.class);

    /** @param store closed together with this */
    public MeteredObjectStore(ObjectStore store, MonotonicClock clock) {
        super(store);
        this.clock = clock;
        for (StoreOperation operation : StoreOperation.values()) {
            meters.put(operation, new Meter());
        }
    }

    private interface Call<T> {
        T send() throws ObjectStoreException;
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
        long size = bytes.stream().mapToLong(ByteBuffer::remaining).sum();
        PutOutcome outcome = metered(StoreOperation.PUT, () -> store.put(name, bytes, condition), unused -> size);
        if (outcome == PutOutcome.REFUSED) {
            meters.get(StoreOperation.PUT).refusals.increment();
        }
        return outcome;
    }

    @Override
    public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
        return metered(
                StoreOperation.GET,
                () -> store.get(name, bytesMax),
                object -> object.bytes().remaining());
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        return metered(StoreOperation.GET_RANGE, () -> store.getRange(name, offset, length), object -> length);
    }

    @Override
    public List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException {
        return metered(StoreOperation.LIST, () -> store.list(prefix, after, max), unused -> 0);
    }

    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException {
        Map<String, ObjectStoreException> failed =
                metered(StoreOperation.DELETE, () -> store.delete(names), unused -> 0);
        failed.values().forEach(meters.get(StoreOperation.DELETE)::failed);
        return failed;
    }

    @Override
    public Optional<String> lastFailure() {
        return lastFailure;
    }

    @Override
    public OperationCounts counts(StoreOperation operation) {
        return meters.get(operation).counts();
    }

    private <T> T metered(StoreOperation operation, Call<T> call, ToLongFunction<T> bytes) throws ObjectStoreException {
        Meter meter = meters.get(operation);
        long start = clock.nanoTime();
        try {
            T result = call.send();
            meter.bytes.add(bytes.applyAsLong(result));
            lastFailure = Optional.empty();
            return result;
        } catch (ObjectStoreException e) {
            meter.failed(e);
            lastFailure = Optional.of(String.valueOf(e.getMessage()));
            throw e;
        } finally {
            meter.took(clock.nanoTime() - start);
        }
    }

    private static final class Meter {
        private final LongAdder requests = new LongAdder();
        private final LongAdder bytes = new LongAdder();
        private final LongAdder refusals = new LongAdder();
        private final LongAdder throttled = new LongAdder();
        private final LongAdder latencyNanos = new LongAdder();
        private final AtomicLongArray latencies = new AtomicLongArray(LATENCY_BOUNDS_MILLIS.size() + 1);
        private final Map<Kind, LongAdder> errors = new EnumMap<>(Kind.class);

        Meter() {
            for (Kind kind : Kind.values()) {
                errors.put(kind, new LongAdder());
            }
        }

        void took(long nanos) {
            requests.increment();
            latencyNanos.add(nanos);
            int bucket = 0;
            while (bucket < LATENCY_BOUNDS_MILLIS.size() && nanos > LATENCY_BOUNDS_MILLIS.get(bucket) * 1_000_000L) {
                bucket++;
            }
            latencies.incrementAndGet(bucket);
        }

        void failed(ObjectStoreException e) {
            errors.get(e.kind()).increment();
            if (e.isThrottled()) {
                throttled.increment();
            }
        }

        OperationCounts counts() {
            Map<Kind, Long> errorCounts = new EnumMap<>(Kind.class);
            errors.forEach((kind, count) -> errorCounts.put(kind, count.sum()));
            List<Long> latencyCounts = new ArrayList<>();
            for (int i = 0; i < latencies.length(); i++) {
                latencyCounts.add(latencies.get(i));
            }
            return new OperationCounts(
                    requests.sum(),
                    bytes.sum(),
                    refusals.sum(),
                    errorCounts,
                    throttled.sum(),
                    latencyNanos.sum(),
                    latencyCounts);
        }
    }
}
