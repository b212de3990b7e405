// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What was asked of a store since the process began. Thread-safe; numbers only grow. */
public interface StoreMetrics {
    /**
     * Upper bounds of {@link OperationCounts#latencyCounts}, in milliseconds; what took longer is counted
     * behind the last.
     */
    List<Integer> LATENCY_BOUNDS_MILLIS =
            List.of(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000);

    /** What the newest request failed with; empty if it did not. */
    Optional<String> lastFailure();

    /** The counts of this moment. Those of one operation need not be of the very same instant. */
    OperationCounts counts(StoreOperation operation);

    /**
     * The counts of one kind of request.
     *
     * @param requests all that ended, however they ended; a repeated one counts each time
     * @param bytes sent by puts, or received by gets
     * @param refusals conditional puts whose condition did not hold, which is no error
     * @param errors requests that failed, by kind; those throttled are among UNAVAILABLE
     * @param throttled requests that the store refused because there were too many
     * @param latencyNanos of all requests together
     * @param latencyCounts requests by latency, one number per bound and one for those beyond the last; not cumulative
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
