// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Owns native handles and releases them in reverse order of their making, for RocksDB refers from later objects to
 * earlier ones. Confined to the thread that opens or closes the index.
 */
final class NativeResources implements AutoCloseable {
    private final Deque<AutoCloseable> handles = new ArrayDeque<>();

    <T extends AutoCloseable> T own(T handle) {
        handles.push(handle);
        return handle;
    }

    /** Idempotent. Every handle is released even if one of them refuses; the first refusal is thrown at the end. */
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
