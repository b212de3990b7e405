// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.server.metrics.MetricsServer;
import java.util.Optional;

/** Whether the daemon opens, serves or stops, for the server of metrics, which runs all the time. Thread-safe. */
final class DaemonHealth implements MetricsServer.Source {
    private String notReady = "the daemon opens the volume";
    /** Null unless the daemon serves. */
    private DaemonMetrics metrics;

    synchronized void serves(DaemonMetrics serving) {
        metrics = serving;
        notReady = null;
    }

    synchronized void stops() {
        metrics = null;
        notReady = "the daemon stops";
    }

    @Override
    public Optional<String> metrics() {
        return Optional.ofNullable(current()).map(DaemonMetrics::text);
    }

    private synchronized DaemonMetrics current() {
        return metrics;
    }

    @Override
    public synchronized Optional<String> notReady() {
        return Optional.ofNullable(notReady);
    }
}
