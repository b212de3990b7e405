// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import io.zerofs.storage.engine.upkeep.GcSource;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Gives clients priority. While they are active, moves run only for a share of the time, and while no client waits for a
 * barrier. Confined to one thread at a time.
 */
final class Pacing {
    private static final long LOOK_NANOS = 2_000_000;

    /** Maximum number of checks for a gap, so that a client that always waits for a barrier cannot stop moves for ever. */
    private static final int LOOKS_MAX = 50;

    private static final long REST_NANOS_MAX = 5_000_000_000L;

    private final GcSource source;
    private final double share;
    private final LongSupplier nanoTime;
    private final Pause pause;
    private final BooleanSupplier ended;
    private long requestsBefore;
    private long beganNanos;

    /** Waits. */
    interface Pause {
        void nanos(long nanos);
    }

    /** @param share share of the time */
    Pacing(GcSource source, double share, LongSupplier nanoTime, Pause pause, BooleanSupplier ended) {
        this.source = source;
        this.share = share;
        this.nanoTime = nanoTime;
        this.pause = pause;
        this.ended = ended;
        begin();
    }

    /** Starts to measure work. */
    void begin() {
        requestsBefore = source.requests();
        beganNanos = nanoTime.getAsLong();
    }

    /** Waits for a moment without a waiting barrier. */
    void awaitGap() {
        for (int look = 0; look < LOOKS_MAX && source.awaitsBarrier() && !isEnded(); look++) {
            pause.nanos(LOOK_NANOS);
        }
    }

    /** Rests in proportion to the work since {@link #begin}, if a client was active meanwhile. */
    void rest() {
        if (source.requests() != requestsBefore) {
            long worked = nanoTime.getAsLong() - beganNanos;
            pause.nanos((long) Math.min(REST_NANOS_MAX, worked / share - worked));
        }
        begin();
    }

    boolean isEnded() {
        return ended.getAsBoolean();
    }
}
