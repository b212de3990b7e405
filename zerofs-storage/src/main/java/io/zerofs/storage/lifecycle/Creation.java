// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.lifecycle;

import io.zerofs.storage.commit.ExclusiveCreate;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.seal.CorruptObjectException;
import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Creates an object with the same bytes until the outcome is known, a few times: the store below waits between its own
 * attempts. Thread-safe.
 */
final class Creation {
    private static final int ATTEMPTS_MAX = 4;

    private final ExclusiveCreate exclusive;

    Creation(ObjectStore store) {
        this.exclusive = new ExclusiveCreate(store);
    }

    ExclusiveCreate.Outcome create(String name, List<ByteBuffer> bytes, Salt salt)
            throws ObjectStoreException, CorruptObjectException {
        for (int attempt = 1; ; attempt++) {
            try {
                return exclusive.attempt(name, bytes, salt);
            } catch (ObjectStoreException e) {
                if (e.kind() != ObjectStoreException.Kind.UNKNOWN_OUTCOME || attempt == ATTEMPTS_MAX) {
                    throw e;
                }
            }
        }
    }
}
