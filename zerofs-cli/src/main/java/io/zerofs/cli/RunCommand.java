// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.core.volume.VolumeException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Serves a volume until a signal or the volume's own end. */
@Command(
        name = "run",
        description = "Serve a volume; SIGTERM or SIGINT stops it in order.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class RunCommand implements Callable<Integer> {
    private static final Logger log = LoggerFactory.getLogger(RunCommand.class);
    private static final long STOP_MILLIS_MAX = 60_000;

    @Mixin
    private ConfigOption configuration;

    /** Why the daemon ends: empty for a signal, else what stopped the volume. */
    private final CompletableFuture<Optional<VolumeException>> end = new CompletableFuture<>();

    private volatile boolean serving;

    @Override
    public Integer call() throws ExitException, InterruptedException {
        ZerofsConfig config = configuration.load();
        StopSignals.install(this::onSignal);
        Assembly assembly;
        try (OpeningLog progress = new OpeningLog()) {
            assembly = Assembly.open(config, progress, stopped -> end.complete(Optional.of(stopped)));
        }
        serving = true;
        log.info("ZeroFS is ready: {}", config.storage().url());
        Optional<VolumeException> reason = end.join();
        log.info("stopping");
        stop(assembly);
        if (reason.isPresent()) {
            throw Failures.of(reason.get());
        }
        if (assembly.failure().isPresent()) {
            throw new ExitException(
                    ExitCode.STOP_INCOMPLETE,
                    "stopped, but not everything reached the store: "
                            + assembly.failure().get().getMessage());
        }
        log.info("stopped");
        return ExitCode.OK.status();
    }

    private void onSignal(int count) {
        if (count > 1) {
            log.warn("second signal: stopping at once");
            Runtime.getRuntime().halt(ExitCode.INTERRUPTED.status());
        }
        if (!serving) {
            // Nothing was acknowledged to anybody yet, and an open may be left at any step.
            log.info("stopped while opening");
            Runtime.getRuntime().halt(ExitCode.OK.status());
        }
        end.complete(Optional.empty());
    }

    /** Closes in bounded time, whatever the store does. */
    private static void stop(Assembly assembly) throws InterruptedException, ExitException {
        Thread closing = new Thread(assembly::close, "zerofs-stop");
        closing.setDaemon(true);
        closing.start();
        closing.join(STOP_MILLIS_MAX);
        if (closing.isAlive()) {
            throw new ExitException(
                    ExitCode.STOP_INCOMPLETE,
                    "not everything reached the store within " + STOP_MILLIS_MAX / 1000 + " seconds");
        }
    }
}
