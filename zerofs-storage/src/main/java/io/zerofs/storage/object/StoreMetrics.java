// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import io.prometheus.metrics.model.registry.Collector;
import io.zerofs.core.trace.Trace;
import java.util.List;
import java.util.Optional;

/** Counts of the requests to a store since the process began. Thread-safe; numbers only grow. */
public interface StoreMetrics {
    /** Returns the failure of the newest request; empty if it succeeded. */
    Optional<String> lastFailure();

    /** Returns the seconds since the store last did what a request asked for; no number if it never did. */
    double answerAgeSeconds();

    /** Returns the requests of one kind that ended, with any outcome; each repetition counts. */
    long requests(StoreOperation operation);

    /** Returns the bytes sent by PUTs, or received by GETs. */
    long bytes(StoreOperation operation);

    /** Returns the trace of the requests that end. */
    Trace<StoreRequest> trace();

    /** Returns everything that is counted, for a registry. */
    List<Collector> collectors();
}
