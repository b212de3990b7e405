// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.util.Optional;

/** Looks behind the exceptions into which SDKs wrap what happened. */
public final class Causes {
    private static final int DEPTH_MAX = 50;

    private Causes() {}

    /** The first exception of this type in the chain of causes. */
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

    /** The last one in the chain. */
    public static Throwable root(Throwable e) {
        Throwable root = e;
        for (int depth = 0; root.getCause() != null && depth < DEPTH_MAX; depth++) {
            root = root.getCause();
        }
        return root;
    }
}
