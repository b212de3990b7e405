// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.Unit;
import io.zerofs.core.trace.Trace;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;

/**
 * Counts the calls of a store. It is below {@link RetryingObjectStore}, so it counts each attempt. A long list or delete
 * that needs several requests counts as one. Thread-safe.
 */
public final class MeteredObjectStore extends ForwardingObjectStore implements StoreMetrics {
    private static final double[] LATENCY_BOUNDS_SECONDS = {
        .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30, 60
    };

    private final Counter requests = Counter.builder()
            .name("zerofs_store_requests_total")
            .help("Requests to the store by outcome; each repetition counts.")
            .labelNames("operation", "outcome")
            .withoutExemplars()
            .build();
    private final Counter bytes = Counter.builder()
            .name("zerofs_store_bytes_total")
            .help("Bytes sent by PUTs and received by GETs.")
            .labelNames("operation")
            .withoutExemplars()
            .build();
    private final Histogram seconds = Histogram.builder()
            .name("zerofs_store_request_seconds")
            .help("Duration of requests to the store.")
            .labelNames("operation")
            .classicOnly()
            .classicUpperBounds(LATENCY_BOUNDS_SECONDS)
            .withoutExemplars()
            .build();
    private final Map<StoreOperation, Meter> meters = new EnumMap<>(StoreOperation.class);
    private final Trace<StoreRequest> trace = new Trace<>();
    private final MonotonicClock clock;
    private volatile Optional<String> lastFailure = Optional.empty();
    private volatile OptionalLong answeredNanos = OptionalLong.empty();

    /** @param store closed together with this */
    public MeteredObjectStore(ObjectStore store, MonotonicClock clock) {
        super(store);
        this.clock = clock;
        for (StoreOperation operation : StoreOperation.values()) {
            meters.put(operation, new Meter(label(operation)));
        }
    }

    private static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private interface Call<T> {
        T send() throws ObjectStoreException;
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
        long size = bytes.stream().mapToLong(ByteBuffer::remaining).sum();
        return metered(StoreOperation.PUT, name, size, () -> store.put(name, bytes, condition), (meter, outcome) -> {
            meter.bytes.inc(size);
            (outcome == PutOutcome.REFUSED ? meter.conditionFailed : meter.ok).inc();
        });
    }

    @Override
    public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
        return metered(
                StoreOperation.GET,
                name,
                0,
                () -> store.get(name, bytesMax),
                (meter, object) -> meter.succeeded(object.bytes().remaining()));
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        return metered(
                StoreOperation.GET_RANGE,
                name,
                length,
                () -> store.getRange(name, offset, length),
                (meter, object) -> meter.succeeded(length));
    }

    @Override
    public List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException {
        return metered(
                StoreOperation.LIST,
                prefix,
                0,
                () -> store.list(prefix, after, max),
                (meter, infos) -> meter.succeeded(0));
    }

    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException {
        return metered(
                StoreOperation.DELETE, names.size() + " objects", 0, () -> store.delete(names), (meter, failed) -> {
                    failed.values().forEach(meter::failed);
                    if (failed.isEmpty()) {
                        meter.succeeded(0);
                    }
                });
    }

    @Override
    public Optional<String> lastFailure() {
        return lastFailure;
    }

    @Override
    public double answerAgeSeconds() {
        OptionalLong last = answeredNanos;
        return last.isEmpty() ? Double.NaN : Unit.nanosToSeconds(clock.nanoTime() - last.getAsLong());
    }

    @Override
    public long requests(StoreOperation operation) {
        return meters.get(operation).seconds.getCount();
    }

    @Override
    public long bytes(StoreOperation operation) {
        return meters.get(operation).bytes.getLongValue();
    }

    @Override
    public Trace<StoreRequest> trace() {
        return trace;
    }

    @Override
    public List<Collector> collectors() {
        return List.of(requests, bytes, seconds);
    }

    private <T> T metered(
            StoreOperation operation, String name, long size, Call<T> call, BiConsumer<Meter, T> succeeded)
            throws ObjectStoreException {
        Meter meter = meters.get(operation);
        long start = clock.nanoTime();
        String outcome = "failed";
        long moved = 0;
        try {
            T result = call.send();
            outcome = result == PutOutcome.REFUSED ? "condition_failed" : "ok";
            moved = result instanceof StoredObject object ? object.bytes().remaining() : size;
            succeeded.accept(meter, result);
            lastFailure = Optional.empty();
            answeredNanos = OptionalLong.of(clock.nanoTime());
            return result;
        } catch (ObjectStoreException e) {
            outcome = e.isThrottled() ? "throttled" : label(e.kind());
            meter.failed(e);
            lastFailure = Optional.of(String.valueOf(e.getMessage()));
            throw e;
        } finally {
            long took = clock.nanoTime() - start;
            meter.seconds.observe(Unit.nanosToSeconds(took));
            if (trace.isWatched()) {
                trace.add(new StoreRequest(operation, name, moved, took, outcome));
            }
        }
    }

    /** The counts of one operation, whose labels are looked up once. */
    private final class Meter {
        private final CounterDataPoint ok;
        private final CounterDataPoint conditionFailed;
        private final CounterDataPoint throttled;
        private final Map<Kind, CounterDataPoint> errors = new EnumMap<>(Kind.class);
        private final CounterDataPoint bytes;
        private final DistributionDataPoint seconds;

        Meter(String operation) {
            ok = requests.labelValues(operation, "ok");
            conditionFailed = requests.labelValues(operation, "condition_failed");
            throttled = requests.labelValues(operation, "throttled");
            for (Kind kind : Kind.values()) {
                errors.put(kind, requests.labelValues(operation, label(kind)));
            }
            bytes = MeteredObjectStore.this.bytes.labelValues(operation);
            seconds = MeteredObjectStore.this.seconds.labelValues(operation);
        }

        void succeeded(long moved) {
            bytes.inc(moved);
            ok.inc();
        }

        void failed(ObjectStoreException e) {
            (e.isThrottled() ? throttled : errors.get(e.kind())).inc();
        }
    }
}
