// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.util.Optional;

/** Properties of the file system as a whole. */
public record FilesystemConfig(
        @Setting(
                value = "How data is compressed before it is encrypted. Applies to what is written from now on.",
                byDefault = "\"lz4\"")
        Codec compression,

        @Setting(
                value = "Size in GB of 10^9 bytes, as `df` shows it, names and attributes included; beyond it ENOSPC.",
                min = 0.001,
                max = 1e9)
        Optional<Double> maxSizeGb,

        @Setting(
                value = "Most files of any kind at once, as `df -i` shows it; beyond it creations get ENOSPC.",
                min = 1,
                max = 1L << 47)
        Optional<Long> maxInodes) {

    /** Compression of data. */
    public enum Codec {
        LZ4,
        NONE
    }
}
