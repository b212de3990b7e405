// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.seal.Salt;

/**
 * Keeps the log short and remembers how far it got: told of each commit, it publishes checkpoints by itself. Thread-safe.
 */
public interface LogKeeper {
    /** Starts to watch a volume that serves. Called once. */
    void start(LogSource source);

    /**
     * A commit became durable and was applied. Called in the order of the log; must not wait.
     *
     * @param objectBytes bytes of its object
     */
    void applied(CommitId id, Salt salt, long objectBytes);

    /**
     * Waits while the log that no checkpoint covers is beyond its hard limit. Called before each batch, holding no lock;
     * a comparison when there is room.
     */
    void awaitRoom() throws VolumeException;

    /**
     * Publishes a last checkpoint if anything changed, and stops. Called when no batch can come any more and all is
     * durable, while index and store are still open. Idempotent.
     */
    void finish();
}
