// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.channel.ChannelHandlerContext;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Checks once a second whether a connection moves, closes it if it stalls, and marks it if it is idle. Lives as long as
 * the connection, on its event loop.
 */
final class ProgressCheck {
    /** Seconds between two checks. */
    private static final int PERIOD_SECONDS = 1;

    /** Under memory pressure a stalled connection has the usual time divided by this. */
    private static final int STALL_DIVISOR_UNDER_PRESSURE = 12;

    /** Minimum bytes that a client must then move between two checks; with fewer it is stalled. */
    private static final int BYTES_MIN_UNDER_PRESSURE = 16 << 10;

    private final AdmissionControl.ConnectionBudget budget;
    private final MessageProtocol protocol;
    private final int stallSeconds;
    private final StallDetector stall = new StallDetector();
    private final Idleness idleness = new Idleness();

    ProgressCheck(AdmissionControl.ConnectionBudget budget, MessageProtocol protocol, int stallSeconds) {
        this.budget = budget;
        this.protocol = protocol;
        this.stallSeconds = stallSeconds;
    }

    StallDetector stall() {
        return stall;
    }

    Idleness idleness() {
        return idleness;
    }

    /** @param closeNow closes the connection for a reason */
    void start(ChannelHandlerContext context, Consumer<String> closeNow) {
        schedule(context, closeNow, PERIOD_SECONDS);
    }

    private void schedule(ChannelHandlerContext context, Consumer<String> closeNow, int ageSeconds) {
        Runnable check = () -> check(context, closeNow, ageSeconds);
        context.executor().schedule(check, PERIOD_SECONDS, TimeUnit.SECONDS);
    }

    private void check(ChannelHandlerContext context, Consumer<String> closeNow, int ageSeconds) {
        if (!context.channel().isActive()) {
            return;
        }
        if (idleness.check(budget.requests() > 0) && protocol.keepsNothing()) {
            idleness.becomeIdle();
        }
        boolean wanted = budget.isWanted();
        int quietSeconds = PERIOD_SECONDS * stall.check(context.channel(), wanted ? BYTES_MIN_UNDER_PRESSURE : 1);
        if (quietSeconds >= stallSeconds || protocol.isOneShot() && ageSeconds >= stallSeconds) {
            closeNow.accept("no progress for " + stallSeconds + " s");
        } else if (wanted && quietSeconds >= Math.max(1, stallSeconds / STALL_DIVISOR_UNDER_PRESSURE)) {
            closeNow.accept(
                    "hardly any progress for " + quietSeconds + " s, and others wait for the memory that it holds");
        } else {
            schedule(context, closeNow, ageSeconds + PERIOD_SECONDS);
        }
    }
}
