// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.upkeep;

import io.zerofs.storage.seal.ObjectHeader;

/**
 * Receives each commit and publishes checkpoints by itself, so that the log stays short. Thread-safe.
 */
public interface CheckpointHook {
    /**
     * The cost of checkpoints since the volume was opened.
     *
     * @param checkpoints published ones
     * @param tableBytes bytes of the tables that were uploaded for them
     * @param uncoveredBytes log that no checkpoint covers now
     * @param uncoveredCommits commits likewise
     * @param restarts checkpoints that failed and were tried again
     * @param ageSeconds time since the last one was published; no number if there was none
     */
    record Statistics(
            long checkpoints,
            long tableBytes,
            long uncoveredBytes,
            long uncoveredCommits,
            long restarts,
            double ageSeconds) {
        public static final Statistics NONE = new Statistics(0, 0, 0, 0, 0, Double.NaN);
    }

    /** Starts to watch a volume that serves. Called once. */
    void start(CheckpointSource source);

    /**
     * Receives a durable and applied commit. Called in the order of the log; must not wait.
     *
     * @param header the header of the commit's object
     */
    void applied(ObjectHeader header);

    /** Returns whether the log that no checkpoint covers is below its hard limit. Cheap, because each batch calls it. */
    boolean hasRoom();

    /**
     * Waits until {@link #hasRoom} or until the time is over, and returns whether there is room. The caller holds no lock, and
     * checks in between whether the volume has stopped.
     */
    boolean awaitRoom(long nanosMax) throws InterruptedException;

    /** Returns why the last attempt to publish failed; null if it succeeded, or during another attempt. */
    default String failure() {
        return null;
    }

    default Statistics statistics() {
        return Statistics.NONE;
    }

    /**
     * Publishes a last checkpoint if there are changes, and stops. Called when no batch can follow and everything is durable,
     * while index and store are still open. Idempotent.
     */
    void finish();
}
