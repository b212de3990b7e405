// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.time.Duration;

/**
 * Delays and deadlines of repeated requests.
 *
 * @param firstDelay the longest wait before the second attempt; it doubles for each further attempt
 * @param delayMax the longest wait of all, so that work resumes soon after the store is back
 * @param deadline after this time only the first few attempts begin, unless the store asks to slow down
 * @param throttledDeadline the deadline while the store asks to slow down
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
