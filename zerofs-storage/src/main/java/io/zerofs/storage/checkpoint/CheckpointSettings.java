// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.checkpoint;

import java.time.Duration;

/**
 * When checkpoints are made. What counts is the log that a new machine would have to replay: headers and logs of commits,
 * not their data.
 *
 * @param logBytes log that no checkpoint covers at which the next one begins
 * @param logCommits commits likewise
 * @param logBytesMax log that no checkpoint covers beyond which writers wait
 * @param logCommitsMax commits likewise
 * @param interval a checkpoint is made after this time if anything changed
 * @param watchInterval how often the store is asked whether another writer took over
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

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
