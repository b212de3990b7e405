// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

/** Room for dirty data that a writer reserves before it takes any lock. Closing returns the unused part; idempotent. */
public interface Reservation extends AutoCloseable {
    @Override
    void close();
}
