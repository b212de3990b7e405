// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ConfigException;
import io.zerofs.cli.config.ConfigLoader;
import io.zerofs.cli.config.Environment;
import io.zerofs.cli.config.ZerofsConfig;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The option that names the configuration file, which several commands share. */
final class ConfigOption {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            required = true,
            description = "Configuration file; `zerofs init` writes one.")
    private Path file;

    /** For the parser, which sets the file. */
    ConfigOption() {}

    ConfigOption(Path file) {
        this.file = file;
    }

    Path file() {
        return file;
    }

    ZerofsConfig load() throws ExitException {
        try {
            return new ConfigLoader(Environment.process()).load(file);
        } catch (ConfigException e) {
            throw Failures.of(e);
        }
    }
}
