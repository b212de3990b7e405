// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.lifecycle;

import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.seal.CorruptObjectException;

/** Asks once more for what arrived damaged: perhaps that happened on the way, and what stands in the store decides. */
final class SecondLook {
    private SecondLook() {}

    /** One attempt to read something. */
    @FunctionalInterface
    interface Read<T, E extends Exception> {
        T attempt() throws ObjectStoreException, CorruptObjectException, E;
    }

    static <T, E extends Exception> T at(Read<T, E> read) throws ObjectStoreException, CorruptObjectException, E {
        try {
            return read.attempt();
        } catch (CorruptObjectException e) {
            return read.attempt();
        }
    }
}
