// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.pipeline;

import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.object.Traffic;

/**
 * How much goes to the store at once. On a slow link commits are small, so that each is stored soon and little is lost with an
 * attempt that fails, and no more are in flight than the link carries in a while. Thread-safe.
 */
final class UploadPace {
    /** Smaller commits would be written again, as large ones, by garbage collection. */
    private static final int CUT_BYTES_MIN = 1 << 20;

    /** While nothing is known: found out soon, and with as many connections as there may be, each of which may be slow. */
    private static final int FIRST_CUT_BYTES = 256 << 10;

    /** What the link carries in this time is one commit. */
    private static final double CUT_SECONDS = 1.25;

    private final EngineSettings.Commits settings;
    private final Traffic traffic;

    UploadPace(EngineSettings.Commits settings, Traffic traffic) {
        this.settings = settings;
        this.traffic = traffic;
    }

    /** Memory of a commit at which it is cut for its size. */
    int cutBytes() {
        return (int) bound(CUT_SECONDS, CUT_BYTES_MIN, settings.cutBytes());
    }

    /**
     * The same for one that so many are before, which are not yet done. Only as many as may be under way are small, whatever
     * is written until the first of them is answered.
     */
    int cutBytes(long before) {
        boolean isFirst = traffic.bytesPerSecond() == 0 && before < settings.uploadsMax();
        return isFirst ? (int) bound(CUT_SECONDS, FIRST_CUT_BYTES, settings.cutBytes()) : cutBytes();
    }

    /**
     * Whether one more commit may be on its way beside others. The last one may exceed what the link was seen to carry: where it
     * was the connections that were slow, one more carries more.
     *
     * @param bytes memory of those that are
     */
    boolean hasRoom(long bytes, OpenCommit commit) {
        double window = traffic.settings().uploadWindow().toMillis() / 1e3;
        return bytes < bound(window, 2L * cutBytes(), settings.uploadBytesMax())
                && bytes + commit.memoryBytes() <= settings.uploadBytesMax();
    }

    private long bound(double seconds, long min, long max) {
        if (!traffic.isLink()) {
            return max;
        }
        return Math.min(max, Math.max(min, (long) (traffic.bytesPerSecond() * seconds)));
    }
}
