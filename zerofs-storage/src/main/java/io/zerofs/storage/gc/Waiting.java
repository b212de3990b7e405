// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import io.zerofs.core.volume.VolumeException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Waits for barriers. */
final class Waiting {
    private Waiting() {}

    static void forDurable(CompletableFuture<Long> barrier) throws VolumeException {
        try {
            barrier.get();
        } catch (ExecutionException | CancellationException e) {
            if (e.getCause() instanceof VolumeException failure) {
                throw failure;
            }
            throw new VolumeException(VolumeException.Kind.CLOSED, "a barrier failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new VolumeException(VolumeException.Kind.CLOSED, "interrupted while waiting for a barrier", e);
        }
    }
}
