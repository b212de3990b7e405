// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.checkpoint;

import java.time.Duration;

/**
 * Thresholds of checkpoints. They count the log that a new machine would replay: headers and logs of commits, not their
 * data.
 *
 * @param logBytes bytes of log without a checkpoint at which the next checkpoint begins
 * @param logCommits commits likewise
 * @param logBytesMax bytes of log without a checkpoint beyond which writers wait
 * @param logCommitsMax commits likewise
 * @param interval time after which a checkpoint begins if there are changes
 * @param watchInterval interval of checks whether another writer took over
 */
public record CheckpointSettings(
        long logBytes, int logCommits, long logBytesMax, int logCommitsMax, Duration interval, Duration watchInterval) {
    private static final long MIB = 1L << 20;

    public static final CheckpointSettings DEFAULT =
            new CheckpointSettings(64 * MIB, 2048, 512 * MIB, 32_768, Duration.ofMinutes(10), Duration.ofMinutes(1));

    public CheckpointSettings {
        require(logBytes >= 1 && logCommits >= 1, "a checkpoint needs at least a byte and a commit of log");
        require(
                logBytesMax >= logBytes && logCommitsMax >= logCommits,
                "writers must not wait before a checkpoint begins");
        require(!interval.isNegative() && !interval.isZero(), "the checkpoint interval must be positive");
        require(!watchInterval.isNegative() && !watchInterval.isZero(), "the watch interval must be positive");
    }

    public CheckpointSettings withLogBytes(long bytes) {
        return new CheckpointSettings(bytes, logCommits, logBytesMax, logCommitsMax, interval, watchInterval);
    }

    public CheckpointSettings withLogCommits(int commits) {
        return new CheckpointSettings(logBytes, commits, logBytesMax, logCommitsMax, interval, watchInterval);
    }

    public CheckpointSettings withLogMax(long bytes, int commits) {
        return new CheckpointSettings(logBytes, logCommits, bytes, commits, interval, watchInterval);
    }

    public CheckpointSettings withInterval(Duration other) {
        return new CheckpointSettings(logBytes, logCommits, logBytesMax, logCommitsMax, other, watchInterval);
    }

    public CheckpointSettings withWatchInterval(Duration other) {
        return new CheckpointSettings(logBytes, logCommits, logBytesMax, logCommitsMax, interval, other);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
