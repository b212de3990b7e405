// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ZerofsConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Checks a volume, at rest or beside its daemon, and changes nothing unless it is to repair it. */
@Command(
        name = "fsck",
        description = "Check a volume. Its daemon may run meanwhile. Only --repair changes the volume.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        footer = "%nExit statuses: 0 clean, 1 corrected, 4 errors, 8 failed, 16 usage, 32 cancelled.")
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

    @Option(
            names = "--repair",
            description = "Repair counters, links and names as the volume's only writer. Stop its daemon before.")
    private boolean repair;

    @Option(names = "--yes", description = "Do not ask before the repair.")
    private boolean yes;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "Also write all findings and changes to this new file, as one JSON object per line."
                    + " With --repair the default is fsck-TIME.jsonl in the cache directory.")
    private Path report;

    @Option(names = "--snapshot", paramLabel = "NAME", description = "Check this snapshot instead of the newest state.")
    private String snapshot;

    @Override
    public Integer call() {
        StopSignals.install(count -> cancel());
        FsckOutput output = new FsckOutput(System.out, json);
        try {
            if (rate != null && !(rate > 0 && rate <= 1e6)) {
                throw new ExitException(ExitCode.USAGE, "--rate must be a number of megabytes from 0 to 1000000");
            }
            if (repair && snapshot != null) {
                throw new ExitException(ExitCode.USAGE, "--repair changes the newest state, and no snapshot");
            }
            ZerofsConfig config = configuration.load();
            long bytesPerSecond = rate == null ? 0 : Math.max(1, Math.round(rate * 1e6));
            if (repair && !yes) {
                FsckRepair.confirm(System.in, System.err);
            }
            try (PrintStream file = openReport(config)) {
                output.reportTo(file);
                return new Fsck(config, output, System.err)
                        .ofSnapshot(snapshot)
                        .run(data, bytesPerSecond, repair)
                        .status();
            }
        } catch (ExitException e) {
            System.err.println("zerofs: " + e.getMessage().replaceAll("\\s*\\R\\s*", " "));
            return FsckStatus.of(e.code()).status();
        } finally {
            System.out.flush();
        }
    }

    /** Opens the report, which must not exist; null without one. */
    private PrintStream openReport(ZerofsConfig config) throws ExitException {
        Path file = report;
        try {
            if (file == null && repair) {
                Path directory = Files.createDirectories(config.cache().dir());
                file = directory.resolve("fsck-" + Instant.now().toString().replace(':', '-') + ".jsonl");
            }
            if (file == null) {
                return null;
            }
            PrintStream out = new PrintStream(
                    Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    true,
                    StandardCharsets.UTF_8);
            System.err.println("zerofs: the report is " + file);
            return out;
        } catch (IOException e) {
            throw new ExitException(ExitCode.USAGE, "the report " + file + " cannot be made: " + e, e);
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
