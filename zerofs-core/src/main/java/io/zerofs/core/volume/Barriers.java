// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import io.zerofs.core.runtime.Machine;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Waits for barriers and cuts of a volume. */
public final class Barriers {
    private Barriers() {}

    /** Waits for a barrier. Returns its result, or throws its failure. */
    public static <T> T await(CompletableFuture<T> barrier) throws VolumeException {
        try {
            return Machine.current().await(barrier);
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
