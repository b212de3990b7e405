// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.storage.cache.DiskCache;
import io.zerofs.storage.engine.pipeline.CommitPipeline;
import io.zerofs.storage.engine.upkeep.CheckpointHook;
import io.zerofs.storage.engine.upkeep.GcStatistics;

/**
 * Statistics of a running volume. Counts begin at its opening.
 *
 * @param appliedSeq the newest commit that is durable and in the index
 * @param dirtyBytes the used part of {@code DirtyBudget}: data and log that are not yet in the store, and promised room
 * @param backlog the way from memory to the store
 * @param pageHits pages that reads found in memory
 * @param pageMisses pages that reads did not find in memory
 * @param aheadPages pages that read-ahead fetched
 * @param unreadPages pages of read-ahead that were dropped unread
 * @param compactions chunks whose deltas were compacted
 * @param failedUploads attempts to upload a commit that failed
 * @param damagedReads reads that failed because stored bytes are damaged
 * @param disk the cache of stored bytes
 * @param log checkpoints and their cost
 * @param space garbage collection
 */
public record EngineStatistics(
        long appliedSeq,
        long dirtyBytes,
        CommitPipeline.Backlog backlog,
        long pageHits,
        long pageMisses,
        long aheadPages,
        long unreadPages,
        long compactions,
        long failedUploads,
        long damagedReads,
        DiskCache.Statistics disk,
        CheckpointHook.Statistics log,
        GcStatistics space) {}
