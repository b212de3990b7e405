// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.control;

import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** The commands of a daemon by path and method. Thread-safe. */
public final class ControlRoutes {
    /** The paths of this version of the interface begin so. A change that breaks programs needs another one. */
    public static final String VERSION = "/v1/";

    /** A command with one answer, or else a stream. */
    record Route(ControlHandler handler, ControlStream stream, Set<String> parameters) {}

    private final Map<String, SortedMap<String, Route>> byPath = new ConcurrentHashMap<>();

    /**
     * Adds a command.
     *
     * @param path for example {@code /v1/status}
     * @param parameters names of all its parameters; a request with another one is refused
     */
    public ControlRoutes add(String method, String path, ControlHandler handler, String... parameters) {
        return add(method, path, new Route(handler, null, Set.of(parameters)));
    }

    /** Adds a command without parameters that sends lines until the operator ends the connection. */
    public ControlRoutes addStream(String path, ControlStream stream) {
        return add("GET", path, new Route(null, stream, Set.of()));
    }

    private ControlRoutes add(String method, String path, Route route) {
        if (!path.startsWith(VERSION)) {
            throw new IllegalArgumentException("the path does not begin with " + VERSION + ": " + path);
        }
        byPath.compute(path, (unused, before) -> {
            SortedMap<String, Route> methods = before == null ? new TreeMap<>() : new TreeMap<>(before);
            if (methods.put(method, route) != null) {
                throw new IllegalArgumentException("twice: " + method + " " + path);
            }
            return methods;
        });
        return this;
    }

    /** Returns the methods of a path; empty if there is no such path. */
    SortedMap<String, Route> methods(String path) {
        return byPath.getOrDefault(path, new TreeMap<>());
    }
}
