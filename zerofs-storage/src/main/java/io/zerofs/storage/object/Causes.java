// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.util.Optional;

/** Finds the original failure in the exceptions that SDKs wrap around it. */
public final class Causes {
    private static final int DEPTH_MAX = 50;

    private Causes() {}

    /** Returns the first exception of this type in the chain of causes. */
    public static <T extends Throwable> Optional<T> find(Throwable e, Class<T> type) {
        Throwable cause = e;
        for (int depth = 0; cause != null && depth < DEPTH_MAX; depth++) {
            if (type.isInstance(cause)) {
                return Optional.of(type.cast(cause));
            }
            cause = cause.getCause();
        }
        return Optional.empty();
    }

    /** Returns the last exception in the chain of causes. */
    public static Throwable root(Throwable e) {
        Throwable root = e;
        for (int depth = 0; root.getCause() != null && depth < DEPTH_MAX; depth++) {
            root = root.getCause();
        }
        return root;
    }
}
