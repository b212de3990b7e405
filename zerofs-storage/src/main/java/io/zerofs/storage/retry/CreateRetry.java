// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.retry;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Creates an object with the same bytes until the outcome is known. Tries only a few times, because the store below waits
 * between its own attempts. Thread-safe.
 */
public final class CreateRetry {
    private static final int ATTEMPTS_MAX = 4;

    private final ExclusiveCreate exclusive;

    public CreateRetry(ObjectStore store) {
        this.exclusive = new ExclusiveCreate(store);
    }

    public ExclusiveCreate.Outcome create(String name, List<ByteBuffer> bytes, Salt salt)
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
