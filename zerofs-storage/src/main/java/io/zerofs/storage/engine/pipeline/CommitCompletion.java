// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.pipeline;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.cache.ObjectRanges;
import io.zerofs.storage.commit.DeadFrames;
import io.zerofs.storage.commit.SealedCommit;
import io.zerofs.storage.engine.memtable.DirtyBudget;
import io.zerofs.storage.engine.upkeep.CheckpointHook;
import io.zerofs.storage.engine.upkeep.GcHook;
import io.zerofs.storage.index.CommitApplier;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Completes commits. {@link #apply} and {@link #release} are called in the order of the log, by one thread at a time. */
public final class CommitCompletion {
    private static final Logger log = LoggerFactory.getLogger(CommitCompletion.class);

    private final CommitApplier applier;
    private final DirtyBudget budget;
    private final CheckpointHook keeper;
    private final ObjectRanges ranges;
    private volatile GcHook space = GcHook.NONE;

    public CommitCompletion(CommitApplier applier, DirtyBudget budget, CheckpointHook keeper, ObjectRanges ranges) {
        this.applier = applier;
        this.budget = budget;
        this.keeper = keeper;
        this.ranges = ranges;
    }

    public void setGcHook(GcHook keeper) {
        space = keeper;
    }

    /** Offers a stored object to the disk cache; a failure is only logged, because nothing depends on the cache. */
    void offer(SealedCommit object) {
        try {
            ranges.keep(object);
        } catch (RuntimeException | OutOfMemoryError e) {
            log.warn("commit {} is not in the disk cache", object.id().seq(), e);
        }
    }

    /** Puts frame table and dead frames into the index, so that memory may be dropped. */
    void apply(InFlightCommit flight) throws VolumeException {
        List<DeadFrames> deadFrames = flight.commit().deadFrames();
        applier.applyDurable(flight.frames(), deadFrames);
        space.applied(flight.frames(), deadFrames);
    }

    /** Returns the commit's part of the budget before it is durable: its memory takes room of durable commits instead. */
    void keptEarly(InFlightCommit flight) {
        flight.keptEarly();
        budget.charge(-flight.commit().memoryBytes());
    }

    /** Returns the commit's part of the budget, unless that was done early, after it was dropped from memory. */
    void release(InFlightCommit flight) {
        if (!flight.isKeptEarly()) {
            budget.charge(-flight.commit().memoryBytes());
        }
        keeper.applied(flight.frames().header());
    }
}
