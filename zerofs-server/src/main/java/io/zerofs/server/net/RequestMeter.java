// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** Counts the requests of one protocol by latency: from the whole message to the end of its reply. Thread-safe. */
public final class RequestMeter {
    /** Upper bounds of {@link Counts#latencyCounts}, in microseconds. The last count has the slower requests. */
    public static final List<Integer> LATENCY_BOUNDS_MICROS =
            List.of(100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 10_000_000, 60_000_000);

    private static final long[] BOUNDS_NANOS = LATENCY_BOUNDS_MICROS.stream()
            .mapToLong(TimeUnit.MICROSECONDS::toNanos)
            .toArray();

    private final LongAdder[] counts =
            Stream.generate(LongAdder::new).limit(BOUNDS_NANOS.length + 1).toArray(LongAdder[]::new);
    private final LongAdder nanos = new LongAdder();

    /**
     * Counts since the server began.
     *
     * @param latencyCounts requests by latency, one number per bound and one beyond the last bound; not cumulative
     * @param latencyNanos nanoseconds of all requests together
     */
    public record Counts(List<Long> latencyCounts, long latencyNanos) {}

    RequestMeter() {}

    void took(long latencyNanos) {
        int bucket = 0;
        while (bucket < BOUNDS_NANOS.length && latencyNanos > BOUNDS_NANOS[bucket]) {
            bucket++;
        }
        counts[bucket].increment();
        nanos.add(latencyNanos);
    }

    Counts counts() {
        return new Counts(Arrays.stream(counts).map(LongAdder::sum).toList(), nanos.sum());
    }
}
