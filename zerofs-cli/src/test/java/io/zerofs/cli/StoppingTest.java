// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.server.net.Supervisor;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/** The duration of a stop. */
class StoppingTest {
    private static final Duration PATIENCE = Duration.ofMillis(60);
    private final CountDownLatch stored = new CountDownLatch(1);

    private Stopping stopping(Duration longest, LongSupplier movedBytes) {
        return new Stopping(PATIENCE, longest, movedBytes, Supervisor.NONE);
    }

    private void untilStored() {
        try {
            stored.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void itContinuesUntilEverythingIsStoredWhileBytesMove() throws Exception {
        AtomicLong looks = new AtomicLong();
        stopping(Duration.ofHours(1), () -> {
                    if (looks.incrementAndGet() == 1000) {
                        stored.countDown();
                    }
                    return looks.get();
                })
                .close(this::untilStored);
        assertEquals(0, stored.getCount());
    }

    @Test
    void itLooksSoonHoweverPatientItIs() throws Exception {
        AtomicLong looks = new AtomicLong();
        Stopping patient = new Stopping(
                Duration.ofDays(1),
                Duration.ofDays(1),
                () -> {
                    if (looks.incrementAndGet() == 2) {
                        stored.countDown();
                    }
                    return 42;
                },
                Supervisor.NONE);
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> patient.close(this::untilStored));
    }

    @Test
    void itEndsAfterTheLongestTimeAlthoughBytesMove() {
        AtomicLong looks = new AtomicLong();
        ExitException e = assertThrows(
                ExitException.class,
                () -> stopping(Duration.ofMillis(200), looks::incrementAndGet).close(this::untilStored));
        assertEquals(ExitCode.STOP_INCOMPLETE, e.code());
        stored.countDown();
    }

    /** The status of an incomplete stop would make a supervisor restart a writer that another one replaced. */
    @Test
    void itEndsForItsReasonAlthoughItIsNotComplete() {
        VolumeException fenced =
                new VolumeException(VolumeException.Kind.FENCED, "another daemon took the volume over");
        ExitException e = assertThrows(
                ExitException.class,
                () -> stopping(Duration.ofHours(1), () -> 42).close(this::untilStored, fenced));
        assertEquals(ExitCode.FENCED, e.code());
        stored.countDown();
    }

    @Test
    void itEndsSoonWhenNothingMoves() {
        ExitException e = assertThrows(
                ExitException.class,
                () -> stopping(Duration.ofHours(1), () -> 42).close(this::untilStored));
        assertEquals(ExitCode.STOP_INCOMPLETE, e.code());
        stored.countDown();
    }

    @Test
    void aStopThatBreaksOffIsNoSuccess() {
        ExitException e = assertThrows(
                ExitException.class,
                () -> stopping(Duration.ofHours(1), () -> 42).close(() -> {
                    throw new OutOfMemoryError("no thread can be had");
                }));
        assertEquals(ExitCode.STOP_INCOMPLETE, e.code());
    }
}
