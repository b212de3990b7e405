// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.retry;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.object.ObjectStoreException;

/** Reads again before one answer has a final effect, because it may have been damaged in transit. */
public final class ReadRetry {
    private ReadRetry() {}

    /** One attempt to read something. */
    @FunctionalInterface
    public interface Read<T, E extends Exception> {
        T attempt() throws ObjectStoreException, CorruptObjectException, E;
    }

    /** Reads again after a damaged answer. */
    public static <T, E extends Exception> T at(Read<T, E> read)
            throws ObjectStoreException, CorruptObjectException, E {
        try {
            return read.attempt();
        } catch (CorruptObjectException e) {
            return read.attempt();
        }
    }

    /** Reads again after a damaged answer, or if an object that must exist was not found. */
    public static <T, E extends Exception> T atRequired(Read<T, E> read)
            throws ObjectStoreException, CorruptObjectException, E {
        try {
            return at(read);
        } catch (ObjectStoreException e) {
            if (e.kind() != ObjectStoreException.Kind.NOT_FOUND) {
                throw e;
            }
            return at(read);
        }
    }
}
