// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.upkeep;

/**
 * Numbers of garbage collection. The first group is the state now, zeros until the index was counted; the others count
 * since the volume was opened.
 *
 * @param commits commits in the store, without those that are being deleted
 * @param commitBytes bytes of their objects
 * @param liveBytes bytes of the frames that something refers to
 * @param awaitingDeletion entries of the published list of deletions
 * @param passes looks at the state of the store
 * @param movedChunks chunks that were written again so that their old commits can go
 * @param movedBytes bytes of what was written for them, before compression
 * @param outrunMoves moves that came to nothing because the chunk changed meanwhile
 * @param deletedObjects objects whose deletion the store confirmed
 * @param failedDeletions objects that could not be deleted at an attempt
 * @param orphans objects of earlier writers that nothing refers to, found by sweeps
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

    /** The same with newer counts of restarts. */
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
