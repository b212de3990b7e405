// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.cache.ObjectRanges;
import io.zerofs.storage.index.CommitApplier;

/** What happens to a commit once it is durable. Called in the order of the log, by one thread at a time. */
final class CommitCompletion {
    private final CommitApplier applier;
    private final DirtyBudget budget;
    private final LogKeeper keeper;
    private final ObjectRanges ranges;

    CommitCompletion(CommitApplier applier, DirtyBudget budget, LogKeeper keeper, ObjectRanges ranges) {
        this.applier = applier;
        this.budget = budget;
        this.keeper = keeper;
        this.ranges = ranges;
    }

    /** Puts frame table and deaths into the index, so that memory may be dropped. */
    void apply(CommitFlight flight) throws VolumeException {
        applier.applyDurable(flight.sealed().frames(), flight.commit().deaths());
    }

    /** Gives back what the commit took, after it was dropped from memory. */
    void release(CommitFlight flight) {
        ranges.keep(flight.sealed());
        budget.charge(-flight.commit().memoryBytes() - flight.sealed().objectLength());
        keeper.applied(flight.sealed().frames().header());
    }
}
