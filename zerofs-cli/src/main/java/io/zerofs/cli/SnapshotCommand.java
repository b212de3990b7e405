// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.server.control.Json;
import io.zerofs.storage.manifest.Snapshot;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands for the snapshots of a volume. */
@Command(
        name = "snapshot",
        description = "Create, list and delete snapshots of a volume.",
        subcommands = {
            SnapshotCommand.CreateCommand.class,
            SnapshotCommand.ListCommand.class,
            SnapshotCommand.ShowCommand.class,
            SnapshotCommand.DeleteCommand.class
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND")
final class SnapshotCommand {
    private static final String PATH = "/v1/snapshots";

    private SnapshotCommand() {}

    /** Returns all snapshots, of the daemon or of a volume at rest. */
    private static List<?> list(ControlOption daemon) throws ExitException {
        try {
            return (List<?>) daemon.client()
                    .call("GET", PATH, Map.of(), ControlClient.SOON)
                    .get("snapshots");
        } catch (ExitException e) {
            if (e.code() != ExitCode.NO_DAEMON || daemon.file().isEmpty()) {
                throw e;
            }
            List<Snapshot> snapshots =
                    new SnapshotsAtRest(new ConfigOption(daemon.file().get()).load()).list();
            return (List<?>) SnapshotText.list(snapshots, Map.of()).get("snapshots");
        }
    }

    private static void show(Object members, boolean json, String text) {
        if (json) {
            System.out.println(Json.write(members));
        } else {
            System.out.print(text);
        }
    }

    /** The options of the commands that change the list. */
    static final class Changing {
        @Mixin
        private ControlOption daemon;

        @Parameters(paramLabel = "NAME", description = "Up to 64 letters, digits, dots, underscores and hyphens.")
        private String name;

        @Option(
                names = "--claim",
                description = "No daemon serves the volume, on any machine: do it here. A running one would lose it.")
        private boolean claim;

        @Option(names = "--json", description = "Write one JSON object instead of text.")
        private boolean json;

        private void run(String method, SnapshotsAtRest.Change atRest, String done) throws ExitException {
            Map<String, Object> snapshot;
            if (!claim) {
                snapshot = ask(method);
            } else if (daemon.file().isPresent()) {
                ConfigOption config = new ConfigOption(daemon.file().get());
                snapshot = SnapshotText.members(new SnapshotsAtRest(config.load()).change(atRest), Map.of());
            } else {
                throw new ExitException(ExitCode.USAGE, "--claim needs the configuration: -c FILE");
            }
            show(
                    snapshot,
                    json,
                    "snapshot " + name + " " + done + ": commit " + snapshot.get("commit") + System.lineSeparator());
        }

        private Map<String, Object> ask(String method) throws ExitException {
            try {
                return daemon.client().call(method, PATH, Map.of("name", name), ControlClient.ANY_TIME);
            } catch (ExitException e) {
                if (e.code() == ExitCode.NO_DAEMON) {
                    throw new ExitException(e.code(), e.getMessage() + "; if none runs on any machine, add --claim", e);
                }
                throw e;
            }
        }
    }

    /** Creates a snapshot. */
    @Command(
            name = "create",
            description = "Create a snapshot of everything that the daemon has acknowledged.",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class)
    static final class CreateCommand implements Callable<Integer> {
        @Mixin
        private Changing changing;

        @Override
        public Integer call() throws ExitException {
            changing.run("POST", snapshots -> snapshots.create(changing.name), "created");
            return ExitCode.OK.status();
        }
    }

    /** Deletes a snapshot. */
    @Command(
            name = "delete",
            description = "Delete a snapshot. Garbage collection then frees its space.",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class)
    static final class DeleteCommand implements Callable<Integer> {
        @Mixin
        private Changing changing;

        @Override
        public Integer call() throws ExitException {
            changing.run("DELETE", snapshots -> snapshots.delete(changing.name), "deleted");
            return ExitCode.OK.status();
        }
    }

    /** Lists the snapshots. */
    @Command(
            name = "list",
            description = "List the snapshots of a volume. Its daemon may run or not.",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class)
    static final class ListCommand implements Callable<Integer> {
        @Mixin
        private ControlOption daemon;

        @Option(names = "--json", description = "Write one JSON object instead of text.")
        private boolean json;

        @Override
        public Integer call() throws ExitException {
            List<?> snapshots = list(daemon);
            show(Map.of("snapshots", snapshots), json, SnapshotText.table(snapshots));
            return ExitCode.OK.status();
        }
    }

    /** Shows one snapshot. */
    @Command(
            name = "show",
            description = "Show one snapshot of a volume. Its daemon may run or not.",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class)
    static final class ShowCommand implements Callable<Integer> {
        @Mixin
        private ControlOption daemon;

        @Parameters(paramLabel = "NAME", description = "Name of the snapshot.")
        private String name;

        @Option(names = "--json", description = "Write one JSON object instead of text.")
        private boolean json;

        @Override
        public Integer call() throws ExitException {
            for (Object each : list(daemon)) {
                Map<?, ?> snapshot = (Map<?, ?>) each;
                if (name.equals(snapshot.get("name"))) {
                    show(snapshot, json, SnapshotText.details(snapshot));
                    return ExitCode.OK.status();
                }
            }
            throw new ExitException(ExitCode.NO_SNAPSHOT, "there is no snapshot with the name " + name);
        }
    }
}
