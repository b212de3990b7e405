// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import java.time.Instant;

/**
 * A point in time.
 *
 * @param seconds since 1970-01-01T00:00:00Z, signed
 * @param nanos 0 to 999,999,999
 */
public record Timestamp(long seconds, int nanos) implements Comparable<Timestamp> {
    public Timestamp {
        if (nanos < 0 || nanos > 999_999_999) {
            throw new IllegalArgumentException("nanos out of range: " + nanos);
        }
    }

    public static Timestamp of(Instant instant) {
        return new Timestamp(instant.getEpochSecond(), instant.getNano());
    }

    @Override
    public int compareTo(Timestamp other) {
        int bySeconds = Long.compare(seconds, other.seconds);
        return bySeconds != 0 ? bySeconds : Integer.compare(nanos, other.nanos);
    }
}
