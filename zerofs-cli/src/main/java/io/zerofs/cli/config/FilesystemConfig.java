// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.core.fs.FileSystemSettings;
import java.util.Optional;

/** Properties of the file system as a whole. */
public record FilesystemConfig(
        @Setting(
                value = "Compression of data before encryption. A change applies to data written from now on.",
                byDefault = "\"lz4\"")
        Codec compression,

        @Setting(
                value = "Size in GB of 10^9 bytes that `df` shows, names and attributes included; beyond it ENOSPC.",
                min = 0.001,
                max = 1e9)
        Optional<Double> maxSizeGb,

        @Setting(
                value = "Maximum number of files of any kind, as `df -i` shows it; beyond it creations return ENOSPC.",
                min = 1,
                max = 1L << 47)
        Optional<Long> maxInodes,

        @Setting(
                value = "User number that owns the root directory of a new volume. Later use `chown`.",
                byDefault = "0",
                min = 0,
                max = Integer.MAX_VALUE)
        int rootUid,

        @Setting(
                value = "Group number of the root directory of a new volume.",
                byDefault = "0",
                min = 0,
                max = Integer.MAX_VALUE)
        int rootGid,

        @Setting(value = "Permissions of the root directory of a new volume, octal.", byDefault = "\"0755\"")
        String rootMode) {

    private static final int OCTAL = 8;

    public FilesystemConfig {
        if (!rootMode.matches("[0-7]{3,4}")) {
            throw new IllegalArgumentException("root_mode is not a mode; expected octal digits like \"0755\"");
        }
    }

    public FileSystemSettings.Root root() {
        return new FileSystemSettings.Root(rootUid, rootGid, Integer.parseInt(rootMode, OCTAL));
    }

    /** Compression of data. */
    public enum Codec {
        LZ4,
        NONE
    }
}
