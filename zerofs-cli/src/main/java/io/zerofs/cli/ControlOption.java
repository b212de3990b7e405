// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ConfigException;
import io.zerofs.cli.config.ConfigLoader;
import io.zerofs.cli.config.Environment;
import io.zerofs.cli.config.ZerofsConfig;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options that name a running daemon, which several commands share. */
final class ControlOption {
    @ArgGroup(multiplicity = "1")
    private Target target;

    private static final class Target {
        @Option(
                names = {"-c", "--config"},
                paramLabel = "FILE",
                required = true,
                description = "Configuration file of the daemon.")
        private Path config;

        @Option(
                names = "--socket",
                paramLabel = "PATH",
                required = true,
                description = "Control socket of the daemon, instead of its configuration.")
        private Path socket;
    }

    /** Returns the configuration file, if it names the daemon. */
    Optional<Path> file() {
        return Optional.ofNullable(target.config);
    }

    /** Returns a client of the daemon. It connects with each command. */
    ControlClient client() throws ExitException {
        if (target.socket != null) {
            return new ControlClient(target.socket);
        }
        try {
            ZerofsConfig config =
                    new ConfigLoader(Environment.process()).withoutSecrets().load(target.config);
            if (!config.control().enabled()) {
                throw new ExitException(ExitCode.NO_DAEMON, "the configuration turns commands off: [control] enabled");
            }
            return new ControlClient(config.controlSocket().path());
        } catch (ConfigException e) {
            throw Failures.of(e);
        }
    }
}
