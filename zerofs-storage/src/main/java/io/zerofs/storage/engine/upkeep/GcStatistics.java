// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.upkeep;

/**
 * Statistics of garbage collection. The first group is the present state, zero until the first count ends; the others count
 * since the volume was opened.
 *
 * @param commits commits in the store, without those that are being deleted
 * @param commitBytes bytes of their objects
 * @param liveBytes bytes of live frames
 * @param awaitingDeletion entries of the published list of deletions
 * @param passes number of passes
 * @param movedChunks chunks that were written again so that their old commits can go
 * @param movedBytes bytes written for them, before compression
 * @param outrunMoves moves without effect, because the chunk changed meanwhile
 * @param deletedObjects objects whose deletion the store confirmed
 * @param failedDeletions attempts to delete an object that failed
 * @param orphans orphans of earlier writers that sweeps found
 * @param restarts passes that failed and were tried again
 * @param sweepRestarts sweeps likewise
 */
public record GcStatistics(
        long commits,
        long commitBytes,
        long liveBytes,
        long awaitingDeletion,
        long passes,
        long movedChunks,
        long movedBytes,
        long outrunMoves,
        long deletedObjects,
        long failedDeletions,
        long orphans,
        long restarts,
        long sweepRestarts) {
    public static final GcStatistics NONE = new GcStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /** Returns the same statistics with newer counts of restarts. */
    public GcStatistics withRestarts(long newRestarts, long newSweepRestarts) {
        return new GcStatistics(
                commits,
                commitBytes,
                liveBytes,
                awaitingDeletion,
                passes,
                movedChunks,
                movedBytes,
                outrunMoves,
                deletedObjects,
                failedDeletions,
                orphans,
                newRestarts,
                newSweepRestarts);
    }
}
