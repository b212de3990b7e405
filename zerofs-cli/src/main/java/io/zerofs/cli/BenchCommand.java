// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.storage.object.ObjectStoreException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures the store of a configuration, and mounted directories. */
@Command(
        name = "bench",
        description = "Measure the store and mounted directories, and print a table.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class BenchCommand implements Callable<Integer> {
    @Mixin
    private ConfigOption configuration;

    @Option(names = "--no-store", description = "Send no request to the store.")
    private boolean noStore;

    @Parameters(
            paramLabel = "DIRECTORY",
            arity = "0..*",
            description =
                    "Directories to measure, such as mounts and a local one beside them. Each needs 64 MiB of room.")
    private List<Path> directories = List.of();

    @Override
    public Integer call() throws ExitException {
        ZerofsConfig config = configuration.load();
        if (noStore && directories.isEmpty()) {
            throw new ExitException(
                    ExitCode.USAGE, "there is nothing to measure: name a directory, or leave out --no-store");
        }
        Table table = new Table(System.out);
        if (!noStore) {
            store(config, table);
        }
        for (Path directory : directories) {
            try {
                DirectoryTrial.run(directory, table);
            } catch (IOException e) {
                throw new ExitException(ExitCode.CONFIG, "cannot measure " + directory + ": " + e, e);
            }
        }
        System.out.flush();
        return ExitCode.OK.status();
    }

    private static void store(ZerofsConfig config, Table table) throws ExitException {
        try (StoreConnection connection = StoreConnection.open(config.storage().url(), config)) {
            StoreTrial trial = StoreTrial.of(connection.store());
            String place = connection.store().describe();
            table.row(place, "PUT of 4 KiB, median", trial.putMillis(), "ms");
            table.row(place, "GET of 4 KiB, median", trial.getMillis(), "ms");
            String parallel = StoreTrial.PARALLEL + " parallel requests of 4 MiB, ";
            table.row(place, parallel + "up", trial.upBytesPerSecond() / 1e6, "MB/s");
            table.row(place, parallel + "down", trial.downBytesPerSecond() / 1e6, "MB/s");
        } catch (ObjectStoreException e) {
            throw Failures.of(e);
        } catch (IOException e) {
            throw new ExitException(ExitCode.INTERNAL, "cannot measure the store: " + e, e);
        }
    }

    /** A table in Markdown, which prints each row when it is measured. */
    static final class Table {
        private final PrintStream out;

        Table(PrintStream out) {
            this.out = out;
            out.println("| place | work | result |");
            out.println("| --- | --- | ---: |");
        }

        void row(String place, String work, double value, String unit) {
            int digits = value < 10 ? 2 : 0;
            out.printf(Locale.ROOT, "| %s | %s | %." + digits + "f %s |%n", place, work, value, unit);
        }
    }
}
