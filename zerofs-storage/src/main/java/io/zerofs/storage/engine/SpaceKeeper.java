// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.storage.commit.Death;
import io.zerofs.storage.commit.FrameTable;
import java.util.List;

/** Gives space back: told of each commit, it finds out by itself what nothing refers to any more. Thread-safe. */
public interface SpaceKeeper {
    /** For a volume that only grows. */
    SpaceKeeper NONE = new SpaceKeeper() {
        @Override
        public void applied(FrameTable frames, List<Death> deaths) {}

        @Override
        public SpaceStatistics statistics() {
            return SpaceStatistics.NONE;
        }

        @Override
        public void close() {}
    };

    /** A commit became durable, and its frame table and deaths stand in the index. In the order of the log; must not wait. */
    void applied(FrameTable frames, List<Death> deaths);

    SpaceStatistics statistics();

    /** Ends after the step in progress, and does not wait for that. Idempotent. */
    void close();
}
