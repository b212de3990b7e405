// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.server.ninep.wire.Errno;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Bounds what fids of all connections hold of extended attributes, which are read and written through fids of their own:
 * a million fids with 64 KiB each would be more than any heap. Thread-safe.
 */
final class XattrMemory {
    static final int BYTES_MAX = 16 << 20;

    private final AtomicInteger held = new AtomicInteger();

    /** Counts bytes that a fid is about to hold; ENOMEM if there are too many. */
    void take(int bytes) {
        if (held.addAndGet(bytes) > BYTES_MAX) {
            give(bytes);
            throw new ErrnoException(Errno.ENOMEM);
        }
    }

    void give(int bytes) {
        held.addAndGet(-bytes);
    }

    int held() {
        return held.get();
    }
}
