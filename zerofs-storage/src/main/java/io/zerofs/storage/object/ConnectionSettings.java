// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.time.Duration;

/**
 * Limits of the connections to a store in the network.
 *
 * @param requestsMax requests in flight; further requests wait for their turn
 * @param connectTimeout maximum time to establish a connection
 * @param silenceMax an attempt ends after this time without a moving byte. Bytes that were sent and may still be in
 *     flight get additional time. An attempt has no other deadline
 * @param slowestBytesPerSecond expected rate of the link until it is measured, and the lowest rate to expect afterwards
 * @param uploadWindow at most as many bytes of commits are in flight as the link carries in this time
 */
public record ConnectionSettings(
        int requestsMax,
        Duration connectTimeout,
        Duration silenceMax,
        int slowestBytesPerSecond,
        Duration uploadWindow) {
    public static final ConnectionSettings DEFAULTS = new ConnectionSettings(
            64, Duration.ofSeconds(10), Duration.ofSeconds(15), 64 << 10, Duration.ofSeconds(30));

    public ConnectionSettings {
        if (requestsMax < 1) {
            throw new IllegalArgumentException("at least one request in flight: " + requestsMax);
        }
        if (connectTimeout.toMillis() < 1 || silenceMax.toMillis() < 1 || uploadWindow.toMillis() < 1) {
            throw new IllegalArgumentException("timeouts must be at least a millisecond");
        }
        if (slowestBytesPerSecond < 1) {
            throw new IllegalArgumentException("a link carries at least a byte a second: " + slowestBytesPerSecond);
        }
    }
}
