// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.time.Duration;

/**
 * How long and how often a request is repeated.
 *
 * @param firstDelay the longest wait before the second attempt; doubled for each further one
 * @param delayMax no wait is longer, so that work goes on soon after the store is back
 * @param deadline no attempt but the first few begins later than this after the first one, unless the store asked to slow
 *     down
 * @param throttledDeadline the same for a store that keeps answering that it is asked too much
 */
public record RetrySettings(Duration firstDelay, Duration delayMax, Duration deadline, Duration throttledDeadline) {
    public static final RetrySettings DEFAULTS = new RetrySettings(
            Duration.ofMillis(100), Duration.ofSeconds(5), Duration.ofSeconds(60), Duration.ofMinutes(10));

    public RetrySettings {
        if (firstDelay.isNegative() || firstDelay.isZero() || delayMax.compareTo(firstDelay) < 0) {
            throw new IllegalArgumentException("delays must be positive and grow: " + firstDelay + ", " + delayMax);
        }
        if (deadline.isNegative() || throttledDeadline.compareTo(deadline) < 0) {
            throw new IllegalArgumentException(
                    "the deadline under throttling is the longer one: " + deadline + ", " + throttledDeadline);
        }
    }
}
