// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.upkeep;

import io.zerofs.storage.commit.DeadFrames;
import io.zerofs.storage.commit.FrameTable;
import java.util.List;
import java.util.Map;

/** Receives each commit and collects garbage by itself. Thread-safe. */
public interface GcHook {
    /** No garbage collection, for a volume that only grows. */
    GcHook NONE = new GcHook() {
        @Override
        public void applied(FrameTable frames, List<DeadFrames> deadFrames) {}

        @Override
        public GcStatistics statistics() {
            return GcStatistics.NONE;
        }

        @Override
        public void close() {}
    };

    /**
     * Receives a durable commit whose frame table and dead frames the index has. Called in the order of the log; must not
     * wait.
     */
    void applied(FrameTable frames, List<DeadFrames> deadFrames);

    GcStatistics statistics();

    /** Returns the bytes that the deletion of each snapshot would free, by name, as of the last pass. */
    default Map<String, Long> pinnedBytes() {
        return Map.of();
    }

    /** Ends after the step in progress, and does not wait for that. Idempotent. */
    void close();
}
