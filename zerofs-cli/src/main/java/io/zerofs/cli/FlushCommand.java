// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Waits until everything that clients have written is in the store. */
@Command(
        name = "flush",
        description = "Return when everything that the daemon has acknowledged is in the store.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class FlushCommand implements Callable<Integer> {
    @Mixin
    private ControlOption daemon;

    @Override
    public Integer call() throws ExitException {
        Map<String, Object> flushed = daemon.client().call("POST", "/v1/flush", Map.of(), ControlClient.ANY_TIME);
        System.out.println(
                "everything is in the store: commit " + flushed.get("commit") + ", " + flushed.get("seconds") + " s");
        return ExitCode.OK.status();
    }
}
