// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.time.Duration;

/**
 * How a store in the network is reached.
 *
 * @param requestsMax at the same time; further ones wait for their turn
 * @param connectTimeout to establish a connection
 * @param silenceMax how long nothing of an attempt may move before it is given up. What was sent and may still be on its
 *     way is given its time on top; an attempt has no other deadline
 * @param slowestBytesPerSecond of the link, while it was not measured or if it is slower than that
 * @param uploadWindow no more bytes of commits are in flight than the link carries in this time
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
            throw new IllegalArgumentException("at least one request at a time: " + requestsMax);
        }
        if (connectTimeout.toMillis() < 1 || silenceMax.toMillis() < 1 || uploadWindow.toMillis() < 1) {
            throw new IllegalArgumentException("timeouts must be at least a millisecond");
        }
        if (slowestBytesPerSecond < 1) {
            throw new IllegalArgumentException("a link carries at least a byte a second: " + slowestBytesPerSecond);
        }
    }
}
