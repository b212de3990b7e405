// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.control;

import io.zerofs.server.http.HttpAnswer;
import io.zerofs.server.http.HttpRequest;
import io.zerofs.server.http.HttpServer;
import io.zerofs.server.http.HttpStatus;
import io.zerofs.server.net.Connection;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ListenException;
import io.zerofs.server.net.MessageProtocol;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out the commands of operators who reach its unix socket. Each command has a thread of its own, so that one that
 * waits for the store keeps no other. Thread-safe.
 */
public final class ControlServer implements MessageProtocol.Factory, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);

    private static final int REQUEST_SECONDS_MAX = 10;
    private static final String CONTENT_TYPE = "application/json";
    private static final String LINES = "application/x-ndjson";

    private final String version;
    private final ControlRoutes routes;
    private HttpServer server;

    private ControlServer(String version, ControlRoutes routes) {
        this.version = version;
        this.routes = routes;
    }

    /**
     * Listens on a socket. A stale socket file is replaced.
     *
     * @param version version of the program, for messages
     * @throws ListenException if the socket cannot be made; names it
     */
    public static ControlServer open(ListenAddress.UnixSocket address, String version, ControlRoutes routes)
            throws ListenException {
        return open(address, version, routes, REQUEST_SECONDS_MAX);
    }

    /** @param lifeSeconds seconds after which a connection without a whole request is closed */
    static ControlServer open(ListenAddress.UnixSocket address, String version, ControlRoutes routes, int lifeSeconds)
            throws ListenException {
        ControlServer control = new ControlServer(version, routes);
        control.server = HttpServer.open(
                new HttpServer.Settings("control", "zerofs/" + version, HttpServer.CONNECTIONS_MAX, lifeSeconds, false),
                List.of(address),
                control::answer);
        return control;
    }

    private HttpAnswer answer(HttpRequest request) throws InterruptedException {
        SortedMap<String, ControlRoutes.Route> methods = routes.methods(request.path());
        if (!methods.isEmpty() && !methods.containsKey(request.method())) {
            String allowed = String.join(", ", methods.keySet());
            return error(
                            HttpStatus.METHOD_NOT_ALLOWED,
                            ControlException.Kind.INVALID,
                            request.path() + " has only the methods " + allowed)
                    .allowing(allowed);
        }
        try {
            if (methods.isEmpty()) {
                throw new ControlException(
                        ControlException.Kind.UNKNOWN_COMMAND,
                        "the daemon is of version " + version + " and does not know " + request.path());
            }
            ControlRoutes.Route route = methods.get(request.method());
            ControlRequest parameters = parameters(request, route);
            return route.stream() == null
                    ? answer(HttpStatus.OK, route.handler().handle(parameters))
                    : HttpAnswer.of(LINES, sink -> route.stream().writeTo(lines -> sink.write(text(lines))));
        } catch (ControlException e) {
            return error(e.kind().status(), e.kind(), e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("{} {} failed unexpectedly", request.method(), request.path(), e);
            return error(
                    HttpStatus.INTERNAL,
                    ControlException.Kind.INTERNAL,
                    "the command failed because of a bug; the log of the daemon has more");
        }
    }

    private static ControlRequest parameters(HttpRequest request, ControlRoutes.Route route) throws ControlException {
        Map<String, Object> parameters = new LinkedHashMap<>(request.query());
        if (!request.body().isEmpty()) {
            try {
                parameters.putAll(Json.readObject(request.body()));
            } catch (IllegalArgumentException e) {
                throw new ControlException(ControlException.Kind.INVALID, "the body is " + e.getMessage(), e);
            }
        }
        for (String name : parameters.keySet()) {
            if (!route.parameters().contains(name)) {
                throw new ControlException(
                        ControlException.Kind.INVALID, request.path() + " has no parameter \"" + name + "\"");
            }
        }
        return new ControlRequest(parameters);
    }

    private static String text(List<Map<String, Object>> lines) {
        return lines.stream().map(line -> Json.write(line) + "\n").collect(Collectors.joining());
    }

    private static HttpAnswer error(HttpStatus status, ControlException.Kind kind, String message) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("error", kind.word());
        members.put("message", message);
        return answer(status, members);
    }

    private static HttpAnswer answer(HttpStatus status, Map<String, Object> members) {
        return new HttpAnswer(status, CONTENT_TYPE, Json.write(members) + "\n");
    }

    @Override
    public MessageProtocol connect(Connection connection) {
        return server.connect(connection);
    }

    @Override
    public void close() {
        server.close();
    }
}
