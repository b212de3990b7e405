// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.storage.cache.DiskCache;
import io.zerofs.storage.engine.upkeep.CheckpointHook;
import io.zerofs.storage.engine.upkeep.GcStatistics;

/**
 * Numbers of a running volume. Counts are since its opening.
 *
 * @param appliedSeq the newest commit that is durable and in the index
 * @param dirtyBytes data, log and sealed copies that are not yet durable, and room promised to writers
 * @param pageHits pages that reads found in memory
 * @param pageMisses pages that reads did not find in memory
 * @param aheadPages pages that were fetched before anybody asked for them
 * @param unreadPages those of them that were let go before anybody did
 * @param folds chunks whose deltas were folded
 * @param failedUploads attempts to store a commit that failed
 * @param damagedReads reads that failed because stored bytes are damaged
 * @param disk the cache of stored bytes
 * @param log checkpoints and what they cost
 * @param space garbage collection
 */
public record EngineStatistics(
        long appliedSeq,
        long dirtyBytes,
        long pageHits,
        long pageMisses,
        long aheadPages,
        long unreadPages,
        long folds,
        long failedUploads,
        long damagedReads,
        DiskCache.Statistics disk,
        CheckpointHook.Statistics log,
        GcStatistics space) {}
