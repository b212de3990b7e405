// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Owns native handles and releases them in reverse order, because later objects of RocksDB refer to earlier ones. Confined
 * to the thread that opens or closes the index.
 */
final class NativeResources implements AutoCloseable {
    private final Deque<AutoCloseable> handles = new ArrayDeque<>();

    <T extends AutoCloseable> T own(T handle) {
        handles.push(handle);
        return handle;
    }

    /** Releases every handle, even if one of them fails, and throws the first failure at the end. Idempotent. */
    @Override
    public void close() {
        RuntimeException first = null;
        while (!handles.isEmpty()) {
            try {
                handles.pop().close();
            } catch (Exception e) {
                if (first == null) {
                    first = new IllegalStateException("a native handle of the index could not be released", e);
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
