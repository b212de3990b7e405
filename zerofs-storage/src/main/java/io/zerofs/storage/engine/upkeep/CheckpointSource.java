// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.upkeep;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.seal.Salt;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** The view of a running volume for checkpoints and for the check that it still owns the log. Thread-safe. */
public interface CheckpointSource {
    /**
     * The newest commit that the index has completely: batches, frame table, dead frames.
     *
     * @param seq 0 if there is none
     */
    record AppliedCommit(long seq, Salt salt) {}

    AppliedCommit lastApplied();

    /** Makes a copy of the index by hard links; see {@code RocksIndex.checkpoint}. */
    void checkpoint(Path target) throws VolumeException;

    /**
     * Cuts if there are open changes, and does not wait. The future completes with a seq when that commit and all before it are
     * durable; they have everything applied to the index before this call. It fails with a {@link VolumeException}.
     */
    CompletableFuture<Long> cut();

    /** Ends the volume: every waiter and every later call fails with this reason. Returns at once; the first call counts. */
    void stop(VolumeException reason);
}
