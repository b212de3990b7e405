// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.nio.file.Path;

/** Local disk and memory that the daemon may use. */
public record CacheConfig(
        @Setting("Local directory for the index and cached objects. You may delete it while the daemon is stopped.")
        Path dir,

        @Setting(
                value = "Disk space for cached objects, in GB of 10^9 bytes. The index needs space in addition.",
                byDefault = "10.0",
                min = 0.1,
                max = 1_000_000)
        double diskSizeGb,

        @Setting(
                value = "Memory for caches and buffers, in GB of 10^9 bytes. The program itself needs up to 0.5 more.",
                byDefault = "0.25",
                min = 0.1,
                max = 1_000)
        double memorySizeGb) {

    private static final double BYTES_PER_GB = 1e9;

    public long diskBytes() {
        return Math.round(diskSizeGb * BYTES_PER_GB);
    }

    public long memoryBytes() {
        return Math.round(memorySizeGb * BYTES_PER_GB);
    }
}
