// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.server.control.Json;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows the state of a running daemon, once or again and again. */
@Command(
        name = "status",
        description = "Show the state of a running daemon.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class StatusCommand implements Callable<Integer> {
    /** Moves the cursor to the upper left corner. */
    private static final String HOME = "\033[H";
    /** Clears the rest of the line. */
    private static final String CLEAR_LINE = "\033[K";
    /** Clears everything below the cursor. */
    private static final String CLEAR_BELOW = "\033[J";

    @Mixin
    private ControlOption daemon;

    @Option(names = "--json", description = "Write one JSON object instead of text.")
    private boolean json;

    @Option(
            names = "--watch",
            arity = "0..1",
            fallbackValue = "2",
            paramLabel = "SECONDS",
            description = "Show it again every so many seconds (default: 2), with rates, until SIGINT.")
    private Double watch;

    @Option(names = "--count", paramLabel = "N", description = "With --watch: end after N times.")
    private long count = Long.MAX_VALUE;

    @Override
    public Integer call() throws ExitException, InterruptedException {
        if (watch != null && !(watch >= 0.1 && watch <= 3_600)) {
            throw new ExitException(ExitCode.USAGE, "--watch needs a number of seconds from 0.1 to 3600");
        }
        ControlClient client = daemon.client();
        if (watch == null) {
            show(status(client), null);
            return ExitCode.OK.status();
        }
        Map<String, Object> before = null;
        for (long times = 0; times < count && !System.out.checkError(); times++) {
            if (times > 0) {
                TimeUnit.MILLISECONDS.sleep(Math.round(1e3 * watch));
            }
            Map<String, Object> status = status(client);
            show(status, before);
            before = status;
        }
        return ExitCode.OK.status();
    }

    private static Map<String, Object> status(ControlClient client) throws ExitException {
        return client.call("GET", "/v1/status", Map.of(), ControlClient.SOON);
    }

    private void show(Map<String, Object> status, Map<String, Object> before) {
        PrintStream out = System.out;
        if (json) {
            out.println(Json.write(status));
        } else if (watch == null || !Terminal.isOutput()) {
            out.print(StatusText.of(status, before) + (watch == null ? "" : "\n"));
        } else {
            out.print(HOME + StatusText.of(status, before).replace("\n", CLEAR_LINE + "\n") + CLEAR_BELOW);
        }
        out.flush();
    }
}
