// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.server.control.Json;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows the state of a running daemon. */
@Command(
        name = "status",
        description = "Show the state of a running daemon.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class StatusCommand implements Callable<Integer> {
    @Mixin
    private ControlOption daemon;

    @Option(names = "--json", description = "Write one JSON object instead of text.")
    private boolean json;

    @Override
    public Integer call() throws ExitException {
        Map<String, Object> status = daemon.client().call("GET", "/v1/status", Map.of(), ControlClient.SOON);
        System.out.print(json ? Json.write(status) + "\n" : StatusText.of(status));
        System.out.flush();
        return ExitCode.OK.status();
    }
}
