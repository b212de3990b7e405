// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.time.Duration;

/**
 * How a store in the network is reached.
 *
 * @param requestsMax at the same time; further ones wait for their turn
 * @param connectTimeout to establish a connection
 * @param silenceMax between two packets of an answer, and until its first one
 * @param requestTimeout for the whole of an attempt; must allow for the largest object over the slowest line
 */
public record ConnectionSettings(
        int requestsMax, Duration connectTimeout, Duration silenceMax, Duration requestTimeout) {
    public static final ConnectionSettings DEFAULTS =
            new ConnectionSettings(64, Duration.ofSeconds(5), Duration.ofSeconds(15), Duration.ofMinutes(2));

    public ConnectionSettings {
        if (requestsMax < 1) {
            throw new IllegalArgumentException("at least one request at a time: " + requestsMax);
        }
        if (connectTimeout.toMillis() < 1 || silenceMax.toMillis() < 1 || requestTimeout.toMillis() < 1) {
            throw new IllegalArgumentException("timeouts must be at least a millisecond");
        }
    }
}
