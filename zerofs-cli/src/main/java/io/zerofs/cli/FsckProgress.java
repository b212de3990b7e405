// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import java.io.PrintStream;
import java.util.Locale;

/** Prints the progress of one step of a check every ten seconds: its rate, and the time left. One thread. */
final class FsckProgress {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final long NANOS_BETWEEN_LINES = 10_000_000_000L;

    private final PrintStream out;
    private final String step;
    private final String unit;
    private final long beginNanos = System.nanoTime();
    private long printedNanos = beginNanos;

    FsckProgress(PrintStream out, String step, String unit) {
        this.out = out;
        this.step = step;
        this.unit = unit;
    }

    void reached(long done, long total) {
        long now = System.nanoTime();
        if (now - printedNanos < NANOS_BETWEEN_LINES) {
            return;
        }
        printedNanos = now;
        double rate = done / ((now - beginNanos) / NANOS_PER_SECOND);
        double seconds = Math.max(0, total - done) / Math.max(1, rate);
        out.println(String.format(
                Locale.ROOT,
                "zerofs: %s: %d of %d %s, %.0f per second, %.0f s left",
                step,
                done,
                Math.max(done, total),
                unit,
                rate,
                seconds));
    }
}
