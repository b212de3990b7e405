// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.server.control.Json;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows the work of a running daemon while it is done. */
@Command(
        name = "trace",
        description = "Show the work of a running daemon while it is done.",
        subcommands = {TraceCommand.Files.class, TraceCommand.Objects.class},
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND")
final class TraceCommand {
    private TraceCommand() {}

    /** The options of both traces. */
    private static final class Trace {
        @Mixin
        private ControlOption daemon;

        @Option(names = "--json", description = "Write one JSON object per line instead of text.")
        private boolean json;

        @Option(names = "--count", paramLabel = "N", description = "End after N lines.")
        private long count = Long.MAX_VALUE;

        private long shown;

        int show(String path) throws ExitException {
            daemon.client().follow(path, event -> {
                System.out.println(json ? Json.write(event) : text(event));
                // Nobody reads on if the other end of a pipe is gone.
                return ++shown < count && !System.out.checkError();
            });
            return ExitCode.OK.status();
        }

        private static String text(Map<String, Object> event) {
            if (event.containsKey("dropped")) {
                return "dropped " + event.get("dropped") + " lines";
            }
            String what = event.containsKey("object")
                    ? event.get("object") + ", " + event.get("bytes") + " bytes"
                    : event.get("target") + " by " + event.get("client");
            return String.format(
                    Locale.ROOT,
                    "%s %9.3f ms %-9s %s %s",
                    event.get("time"),
                    1e3 * ((Number) event.get("seconds")).doubleValue(),
                    event.get("outcome"),
                    event.get("operation"),
                    StatusText.printable(what));
        }
    }

    /** Shows the operations of clients. */
    @Command(
            name = "files",
            description = "Show the operations of clients on files, each when it ends.",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class)
    static final class Files implements Callable<Integer> {
        @Mixin
        private Trace trace;

        @Override
        public Integer call() throws ExitException {
            return trace.show("/v1/trace/files");
        }
    }

    /** Shows the requests to the store. */
    @Command(
            name = "objects",
            description = "Show the requests to the store, each attempt when it ends.",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class)
    static final class Objects implements Callable<Integer> {
        @Mixin
        private Trace trace;

        @Override
        public Integer call() throws ExitException {
            return trace.show("/v1/trace/objects");
        }
    }
}
