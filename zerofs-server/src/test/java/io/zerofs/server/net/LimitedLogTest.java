// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

class LimitedLogTest {
    private final Logger logger = (Logger) LoggerFactory.getLogger("limited");
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final List<Runnable> ends = new ArrayList<>();
    private final LimitedLog log = new LimitedLog(logger, Level.INFO, "mounts", ends::add);

    @BeforeEach
    void listen() {
        logger.setAdditive(false);
        lines.start();
        logger.addAppender(lines);
    }

    @AfterEach
    void leave() {
        logger.detachAppender(lines);
    }

    private List<String> told() {
        return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    @Test
    void firstLinesAreLoggedAtOnceAndTheRestIsCounted() {
        int many = 100_000;
        for (int i = 0; i < many; i++) {
            log.line("{} mounted", i);
        }
        assertEquals(LimitedLog.LINES_MAX, told().size());
        assertEquals("0 mounted", told().get(0));
        assertEquals(1, ends.size());
        ends.remove(0).run();
        assertEquals("mounts: " + (many - LimitedLog.LINES_MAX) + " more in 10 s", told().get(LimitedLog.LINES_MAX));
        log.line("another");
        assertEquals("another", told().get(LimitedLog.LINES_MAX + 1));
    }

    @Test
    void fewLinesAreLoggedUnchanged() {
        log.line("one");
        ends.remove(0).run();
        log.line("two");
        ends.remove(0).run();
        assertEquals(List.of("one", "two"), told());
    }
}
