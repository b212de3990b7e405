// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import io.zerofs.server.control.ControlException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.LoggerFactory;

/**
 * The levels of the program's log, which an operator may change while the daemon runs. Levels of libraries stay: in their
 * logs are headers of requests, and in these are credentials. Thread-safe.
 */
final class LogLevels {
    private static final String ROOT = "io.zerofs";
    private static final String AS_STARTED = "default";
    private static final List<String> WORDS = List.of("error", "warn", "info", "debug", "trace");

    private final LoggerContext log = (LoggerContext) LoggerFactory.getILoggerFactory();

    /** The levels at the start by logger, for those that are changed now; null if the logger had none of its own. */
    private final SortedMap<String, Level> before = new TreeMap<>();

    /**
     * Changes a level.
     *
     * @param name a package or class, with or without {@code io.zerofs.} before it
     * @param level one of error, warn, info, debug, trace, or default for the level at the start
     */
    synchronized void set(String name, String level) throws ControlException {
        if (!WORDS.contains(level) && !level.equals(AS_STARTED)) {
            throw new ControlException(
                    ControlException.Kind.INVALID,
                    "\"" + level + "\" is not one of " + String.join(", ", WORDS) + " and " + AS_STARTED);
        }
        Logger logger = find(name);
        if (level.equals(AS_STARTED)) {
            if (before.containsKey(logger.getName())) {
                logger.setLevel(before.remove(logger.getName()));
            }
            return;
        }
        if (!before.containsKey(logger.getName())) {
            before.put(logger.getName(), logger.getLevel());
        }
        logger.setLevel(Level.toLevel(level));
    }

    /** Finds a logger that exists: a new one would stay for ever, and a name with a typing error would change nothing. */
    private Logger find(String name) throws ControlException {
        String full = name.equals(ROOT) || name.startsWith(ROOT + ".") ? name : ROOT + "." + name;
        Logger found = log.exists(full);
        if (found == null) {
            throw new ControlException(
                    ControlException.Kind.NOT_FOUND,
                    "nothing logs as " + full + "; packages are " + String.join(", ", packages()));
        }
        return found;
    }

    /** Returns the packages that log, two words below the root. */
    private List<String> packages() {
        return log.getLoggerList().stream()
                .map(Logger::getName)
                .filter(name -> name.startsWith(ROOT + "."))
                .map(name -> name.substring(ROOT.length() + 1))
                .filter(name -> name.matches("[a-z0-9]+(\\.[a-z0-9]+)?"))
                .sorted()
                .toList();
    }

    /** Returns the levels that differ from the start. */
    synchronized List<Map<String, Object>> changed() {
        List<Map<String, Object>> all = new ArrayList<>();
        before.keySet()
                .forEach(name -> all.add(Map.of(
                        "package",
                        name,
                        "level",
                        log.getLogger(name).getLevel().toString().toLowerCase(Locale.ROOT))));
        return all;
    }
}
