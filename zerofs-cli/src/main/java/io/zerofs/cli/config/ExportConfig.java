// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

/** The part of the file system that a server exports, and whether clients may change it. */
public record ExportConfig(
        @Setting(value = "Whether the server refuses all changes.", byDefault = "false")
        boolean readOnly,

        @Setting(value = "Directory that clients see as the whole file system.", byDefault = "\"/\"")
        String root) {}
