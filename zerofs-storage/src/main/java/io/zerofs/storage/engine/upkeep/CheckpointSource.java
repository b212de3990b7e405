// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.upkeep;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.seal.Salt;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** What a running volume shows to who checkpoints it and watches that it still owns the log. Thread-safe. */
public interface CheckpointSource {
    /**
     * The newest commit of which everything is in the index: batches, frame table, deaths.
     *
     * @param seq 0 if there is none
     */
    record AppliedCommit(long seq, Salt salt) {}

    AppliedCommit lastApplied();

    /** Makes a copy of the index by hard links; see {@code RocksIndex.checkpoint}. */
    void checkpoint(Path target) throws VolumeException;

    /**
     * Cuts, if anything is open, and does not wait. Completes once everything that was applied to the index before this call
     * is durable, with the seq of the last commit that holds any of it; exceptionally with a {@link VolumeException}.
     */
    CompletableFuture<Long> cut();

    /** Ends the volume: every waiter and every later call fails with this. Returns at once; the first call counts. */
    void stop(VolumeException reason);
}
