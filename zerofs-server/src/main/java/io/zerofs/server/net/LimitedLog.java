// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * A log for lines of one kind that clients can cause at will. In each interval it writes the first lines at once, and at
 * the end the number of the others. Thread-safe.
 */
public final class LimitedLog {
    /** Maximum number of lines that an interval writes one by one. */
    static final int LINES_MAX = 10;

    private static final int INTERVAL_SECONDS = 10;

    private final Logger log;
    private final Level level;
    private final String kind;
    private final Executor atEndOfInterval;

    // Guarded by this.
    private boolean inInterval;
    private int lines;

    /** @param kind the subject of the lines, for the line with their number */
    public LimitedLog(Logger log, Level level, String kind) {
        this(log, level, kind, CompletableFuture.delayedExecutor(INTERVAL_SECONDS, TimeUnit.SECONDS));
    }

    LimitedLog(Logger log, Level level, String kind, Executor atEndOfInterval) {
        this.log = log;
        this.level = level;
        this.kind = kind;
        this.atEndOfInterval = atEndOfInterval;
    }

    /** Writes a line like the methods of {@link Logger}, unless the interval has had its lines. */
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
