// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.upkeep;

import io.zerofs.core.volume.VolumeException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Waits for barriers and cuts of the engine. */
public final class Barriers {
    private Barriers() {}

    /** Returns the last commit that the barrier made durable. */
    public static long await(CompletableFuture<Long> barrier) throws VolumeException {
        try {
            return barrier.get();
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
