// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ZerofsConfig;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Checks everything that a daemon and its clients need, before or beside a daemon. */
@Command(
        name = "doctor",
        description = "Check configuration, store, machine and clients, and print mount commands.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        footer = "%nThe exit code is that of the first failure, as a start would have it; see docs/operations.md.")
final class DoctorCommand implements Callable<Integer> {
    @Mixin
    private ConfigOption configuration;

    @Option(
            names = "--read-only",
            description = "Write nothing to the store. Leaves out its conditional writes and its speed.")
    private boolean readOnly;

    @Override
    public Integer call() throws ExitException {
        ZerofsConfig config = configuration.load();
        Doctor doctor = new Doctor(config, readOnly, System.out);
        doctor.examine();
        System.out.flush();
        return doctor.code().status();
    }
}
