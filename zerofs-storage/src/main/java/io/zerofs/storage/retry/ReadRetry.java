// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.retry;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.object.ObjectStoreException;

/** Asks once more before anything final follows from one answer: perhaps that one was damaged on the way. */
public final class ReadRetry {
    private ReadRetry() {}

    /** One attempt to read something. */
    @FunctionalInterface
    public interface Read<T, E extends Exception> {
        T attempt() throws ObjectStoreException, CorruptObjectException, E;
    }

    /** Reads again what arrived damaged. */
    public static <T, E extends Exception> T at(Read<T, E> read)
            throws ObjectStoreException, CorruptObjectException, E {
        try {
            return read.attempt();
        } catch (CorruptObjectException e) {
            return read.attempt();
        }
    }

    /** Reads again what arrived damaged or was not found, although it must exist. */
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
