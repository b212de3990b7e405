// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * Log lines of one kind that clients can cause at will: the first ones at once, then their number at the end of the
 * interval. Thread-safe.
 */
public final class LimitedLog {
    /** Told one by one in an interval. */
    static final int LINES_MAX = 10;

    private static final int INTERVAL_SECONDS = 10;

    private final Logger log;
    private final Level level;
    private final String kind;
    private final Executor atEndOfInterval;

    // Guarded by this.
    private boolean inInterval;
    private int lines;

    /** @param kind what the lines are about, for the one with their number */
    public LimitedLog(Logger log, Level level, String kind) {
        this(log, level, kind, CompletableFuture.delayedExecutor(INTERVAL_SECONDS, TimeUnit.SECONDS));
    }

    LimitedLog(Logger log, Level level, String kind, Executor atEndOfInterval) {
        this.log = log;
        this.level = level;
        this.kind = kind;
        this.atEndOfInterval = atEndOfInterval;
    }

    /** As the methods of {@link Logger}. */
    public void line(String format, Object... arguments) {
        synchronized (this) {
            if (!inInterval) {
                inInterval = true;
                lines = 0;
                atEndOfInterval.execute(this::endInterval);
            }
            if (++lines > LINES_MAX) {
                return;
            }
        }
        log.atLevel(level).log(format, arguments);
    }

    private void endInterval() {
        int untold;
        synchronized (this) {
            inInterval = false;
            untold = lines - LINES_MAX;
        }
        if (untold > 0) {
            log.atLevel(level).log("{}: {} more in {} s", kind, untold, INTERVAL_SECONDS);
        }
    }
}
