// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Counts of the requests to a store since the process began. Thread-safe; numbers only grow. */
public interface StoreMetrics {
    /**
     * Upper bounds of {@link OperationCounts#latencyCounts}, in milliseconds. One more count, after the last bound, has the
     * slower requests.
     */
    List<Integer> LATENCY_BOUNDS_MILLIS =
            List.of(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000);

    /** Returns the failure of the newest request; empty if it succeeded. */
    Optional<String> lastFailure();

    /** Returns the present counts. Counts of one operation may be of slightly different moments. */
    OperationCounts counts(StoreOperation operation);

    /**
     * The counts of one kind of request.
     *
     * @param requests all requests that ended, with any outcome; each repetition counts
     * @param bytes sent by PUTs, or received by GETs
     * @param refusals conditional PUTs whose condition did not hold, which is no error
     * @param errors failed requests by kind; throttled requests count as UNAVAILABLE
     * @param throttled requests that the store refused because it got too many
     * @param latencyNanos of all requests together
     * @param latencyCounts requests by latency, one number per bound and one beyond the last bound; not cumulative
     */
    record OperationCounts(
            long requests,
            long bytes,
            long refusals,
            Map<Kind, Long> errors,
            long throttled,
            long latencyNanos,
            List<Long> latencyCounts) {}
}
