// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.upkeep;

import io.zerofs.storage.commit.Death;
import io.zerofs.storage.commit.FrameTable;
import java.util.List;

/** Gives space back: told of each commit, it finds out by itself what nothing refers to any more. Thread-safe. */
public interface GcHook {
    /** For a volume that only grows. */
    GcHook NONE = new GcHook() {
        @Override
        public void applied(FrameTable frames, List<Death> deaths) {}

        @Override
        public GcStatistics statistics() {
            return GcStatistics.NONE;
        }

        @Override
        public void close() {}
    };

    /** A commit became durable, and its frame table and deaths stand in the index. In the order of the log; must not wait. */
    void applied(FrameTable frames, List<Death> deaths);

    GcStatistics statistics();

    /** Ends after the step in progress, and does not wait for that. Idempotent. */
    void close();
}
