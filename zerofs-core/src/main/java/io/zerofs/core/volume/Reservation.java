// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

/** Room for dirty data that a writer got before it took any lock. Closing returns what was not used; idempotent. */
public interface Reservation extends AutoCloseable {
    @Override
    void close();
}
