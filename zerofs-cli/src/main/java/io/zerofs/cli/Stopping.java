// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.server.net.Supervisor;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes the daemon and waits while bytes move. Asks the supervisor for time, because it would kill the daemon otherwise.
 * Used once.
 *
 * @param patience maximum time without a moving byte
 * @param longest maximum time in all
 * @param movedBytes bytes moved to and from the store so far
 */
record Stopping(Duration patience, Duration longest, LongSupplier movedBytes, Supervisor supervisor) {
    private static final Logger log = LoggerFactory.getLogger(Stopping.class);

    private static final int LOOKS = 60;
    /** Maximum interval of checks, because the supervisor waits for the first message. */
    private static final long LOOK_MILLIS_MAX = 1_000;

    private static final long TOLD_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Closes a daemon that cannot continue. Throws the reason even if the close is incomplete: it decides about a restart. */
    void close(Runnable daemon, VolumeException reason) throws InterruptedException, ExitException {
        try {
            close(daemon);
        } catch (ExitException incomplete) {
            log.warn("{}", incomplete.getMessage());
        }
        throw Failures.of(reason);
    }

    /** Closes the daemon and returns when that is done. */
    void close(Runnable daemon) throws InterruptedException, ExitException {
        FutureTask<Void> task = new FutureTask<>(daemon, null);
        Thread closing = new Thread(task, "zerofs-stop");
        closing.setDaemon(true);
        closing.start();
        long began = System.nanoTime();
        long progress = began;
        long told = began - TOLD_EVERY_NANOS;
        long before = movedBytes.getAsLong();
        while (true) {
            closing.join(Math.max(1, Math.min(LOOK_MILLIS_MAX, patience.toMillis() / LOOKS)));
            if (!closing.isAlive()) {
                requireClosed(task);
                return;
            }
            long now = System.nanoTime();
            long moved = movedBytes.getAsLong();
            progress = moved == before ? progress : now;
            before = moved;
            if (now - progress > patience.toNanos() || now - began > longest.toNanos()) {
                throw new ExitException(
                        ExitCode.STOP_INCOMPLETE,
                        "not everything reached the store within " + TimeUnit.NANOSECONDS.toSeconds(now - began)
                                + " seconds");
            }
            if (now - told >= TOLD_EVERY_NANOS) {
                log.info("stopping: uploading written data, {} bytes moved since the start", moved);
                long micros = TimeUnit.NANOSECONDS.toMicros(progress + patience.toNanos() + TOLD_EVERY_NANOS - now);
                supervisor.tell("EXTEND_TIMEOUT_USEC=" + micros + "\nSTATUS=Uploading written data");
                told = now;
            }
        }
    }

    /** Requires a complete close: an error such as a lack of memory may end the thread earlier. */
    private static void requireClosed(FutureTask<Void> task) throws InterruptedException, ExitException {
        try {
            task.get();
        } catch (ExecutionException e) {
            throw new ExitException(
                    ExitCode.STOP_INCOMPLETE, "the daemon could not be closed: " + e.getCause(), e.getCause());
        }
    }
}
