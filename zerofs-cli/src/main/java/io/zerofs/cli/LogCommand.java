// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Commands for the log of a running daemon. */
@Command(
        name = "log",
        description = "Change the log of a running daemon.",
        subcommands = LogCommand.LevelCommand.class,
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND")
final class LogCommand {
    private LogCommand() {}

    /** Shows or changes levels. */
    @Command(
            name = "level",
            description = "Show the changed levels of the log, or change one until the daemon's next start.",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class)
    static final class LevelCommand implements Callable<Integer> {
        @Mixin
        private ControlOption daemon;

        @Parameters(
                arity = "0..2",
                paramLabel = "[PACKAGE] LEVEL",
                hideParamSyntax = true,
                description =
                        "PACKAGE such as server.nbd, default: all. LEVEL error, warn, info, debug, trace, or default"
                                + " for the level at the start.")
        private List<String> words = List.of();

        @Override
        public Integer call() throws ExitException {
            ControlClient client = daemon.client();
            Map<String, Object> answer = words.isEmpty()
                    ? client.call("GET", "/v1/log", Map.of(), ControlClient.SOON)
                    : client.call(
                            "PUT",
                            "/v1/log",
                            Map.of(
                                    "package",
                                    words.size() == 2 ? words.get(0) : "io.zerofs",
                                    "level",
                                    words.get(words.size() - 1)),
                            ControlClient.SOON);
            List<?> levels = (List<?>) answer.get("levels");
            if (levels.isEmpty()) {
                System.out.println("all levels are as at the start");
            }
            for (Object each : levels) {
                Map<?, ?> level = (Map<?, ?>) each;
                System.out.println(level.get("package") + " " + level.get("level"));
            }
            return ExitCode.OK.status();
        }
    }
}
