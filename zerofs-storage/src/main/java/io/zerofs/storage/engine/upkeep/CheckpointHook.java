// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.upkeep;

import io.zerofs.storage.seal.ObjectHeader;

/**
 * Keeps the log short and remembers how far it got: told of each commit, it publishes checkpoints by itself. Thread-safe.
 */
public interface CheckpointHook {
    /**
     * What checkpoints cost since the volume was opened.
     *
     * @param checkpoints published ones
     * @param tableBytes bytes of the tables that were uploaded for them
     * @param uncoveredBytes log that no checkpoint covers now
     * @param uncoveredCommits commits likewise
     * @param restarts checkpoints that failed and were tried again
     */
    record Statistics(long checkpoints, long tableBytes, long uncoveredBytes, long uncoveredCommits, long restarts) {
        public static final Statistics NONE = new Statistics(0, 0, 0, 0, 0);
    }

    /** Starts to watch a volume that serves. Called once. */
    void start(CheckpointSource source);

    /**
     * A commit became durable and was applied. Called in the order of the log; must not wait.
     *
     * @param header that of the commit's object
     */
    void applied(ObjectHeader header);

    /** Whether the log that no checkpoint covers is below its hard limit. Asked before each batch: a comparison. */
    boolean hasRoom();

    /**
     * Waits until {@link #hasRoom} or until the time is over, holding no lock; says which. The caller looks in between
     * whether the volume has stopped.
     */
    boolean awaitRoom(long nanosMax) throws InterruptedException;

    /** Why the last attempt to publish failed; null if it did not, or while another one is made. */
    default String failure() {
        return null;
    }

    default Statistics statistics() {
        return Statistics.NONE;
    }

    /**
     * Publishes a last checkpoint if anything changed, and stops. Called when no batch can come any more and all is
     * durable, while index and store are still open. Idempotent.
     */
    void finish();
}
