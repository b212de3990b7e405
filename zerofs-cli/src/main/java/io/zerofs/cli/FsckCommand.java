// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ZerofsConfig;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Checks a volume, at rest or beside its daemon, and changes nothing. */
@Command(
        name = "fsck",
        description = "Check a volume and change nothing. Its daemon may run meanwhile.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        footer = "%nExit statuses: 0 clean, 4 errors, 8 failed, 16 usage, 32 cancelled.")
final class FsckCommand implements Callable<Integer> {
    @Mixin
    private ConfigOption configuration;

    @Option(names = "--data", description = "Also read all data that files use, and check its authentication.")
    private boolean data;

    @Option(
            names = "--rate",
            paramLabel = "MB",
            description = "Read at most this many megabytes (10^6 bytes) of data in a second. Default: no limit.")
    private Double rate;

    @Option(names = "--json", description = "Write one JSON object per line instead of text.")
    private boolean json;

    @Override
    public Integer call() {
        StopSignals.install(count -> cancel());
        FsckOutput output = new FsckOutput(System.out, json);
        try {
            if (rate != null && !(rate > 0 && rate <= 1e6)) {
                throw new ExitException(ExitCode.USAGE, "--rate must be a number of megabytes from 0 to 1000000");
            }
            ZerofsConfig config = configuration.load();
            long bytesPerSecond = rate == null ? 0 : Math.max(1, Math.round(rate * 1e6));
            return new Fsck(config, output, System.err)
                    .run(data, bytesPerSecond)
                    .status();
        } catch (ExitException e) {
            System.err.println("zerofs: " + e.getMessage().replaceAll("\\s*\\R\\s*", " "));
            return FsckStatus.of(e.code()).status();
        } finally {
            System.out.flush();
        }
    }

    /** The private directory stays until the next check, which deletes it. */
    private static void cancel() {
        System.err.println("zerofs: cancelled");
        System.out.flush();
        LogStream.drainInstalled();
        Runtime.getRuntime().halt(FsckStatus.CANCELLED.status());
    }
}
