// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import ch.qos.logback.classic.ClassicConstants;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.NopStatusListener;
import java.nio.charset.StandardCharsets;

/** The configuration of the log. The library's own form is XML, and reading it takes a twentieth of the time of a start. */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_HIGH_PRIORITY)
public final class LogConfiguration extends ContextAwareBase implements Configurator {
    /** The level of the program itself: error, warn, info, debug or trace. */
    private static final String LEVEL = "ZEROFS_LOG";

    @Override
    public ExecutionStatus configure(LoggerContext log) {
        if (System.getProperty(ClassicConstants.CONFIG_FILE_PROPERTY) != null) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        log.getStatusManager().add(new NopStatusListener());
        PatternLayoutEncoder lines = new PatternLayoutEncoder();
        lines.setContext(log);
        lines.setCharset(StandardCharsets.UTF_8);
        lines.setPattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{1}: %msg%n%ex");
        lines.start();
        ConsoleAppender<ILoggingEvent> stderr = new ConsoleAppender<>();
        stderr.setContext(log);
        stderr.setName("stderr");
        stderr.setTarget("System.err");
        stderr.setEncoder(lines);
        stderr.start();
        log.getLogger("ROOT").setLevel(Level.WARN);
        log.getLogger("ROOT").addAppender(stderr);
        log.getLogger("io.zerofs")
                .setLevel(
                        Level.toLevel(System.getProperty(LEVEL, System.getenv().getOrDefault(LEVEL, "info"))));
        // It warns where a machine has no network card but loopback, and takes random bytes, which is fine.
        log.getLogger("io.netty.util.internal.MacAddressUtil").setLevel(Level.ERROR);
        // These libraries throw their failures as exceptions, too, which the program logs once with their meaning.
        log.getLogger("com.azure").setLevel(Level.OFF);
        log.getLogger("com.microsoft.aad").setLevel(Level.OFF);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }
}
