// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.check;

import io.zerofs.storage.object.ObjectStoreException;

/** Carries a failed request through an iterator or a visitor. */
final class StoreFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ObjectStoreException failure;

    StoreFailure(ObjectStoreException failure) {
        super(failure);
        this.failure = failure;
    }

    ObjectStoreException failure() {
        return failure;
    }
}
