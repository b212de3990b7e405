// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

/** What of the file system a server shows. */
public record ExportConfig(
        @Setting(value = "Whether whatever would change something is refused.", byDefault = "false")
        boolean readOnly,

        @Setting(value = "Directory that is shown as the whole file system.", byDefault = "\"/\"")
        String root) {}
