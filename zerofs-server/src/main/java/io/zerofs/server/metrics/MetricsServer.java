// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.metrics;

import io.zerofs.server.http.HttpAnswer;
import io.zerofs.server.http.HttpRequest;
import io.zerofs.server.http.HttpServer;
import io.zerofs.server.http.HttpStatus;
import io.zerofs.server.net.Connection;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ListenException;
import io.zerofs.server.net.MessageProtocol;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Answers {@code GET /metrics} with the text that Prometheus reads, {@code /healthz} while the process lives, and {@code
 * /readyz} while it serves. Thread-safe.
 */
public final class MetricsServer implements MessageProtocol.Factory, AutoCloseable {
    private static final int LIFE_SECONDS_MAX = 10;

    /** The format of https://prometheus.io/docs/instrumenting/exposition_formats. */
    private static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final HttpServer server;

    private MetricsServer(HttpServer server) {
        this.server = server;
    }

    /** The answers. A thread that may wait calls one of them at a time. */
    public interface Source {
        /** Returns the metrics; empty if there are none yet. */
        Optional<String> metrics();

        /** Returns the reason why the daemon does not serve; empty if it serves. */
        Optional<String> notReady();

        /** Returns a source that is always ready. */
        static Source of(Supplier<String> text) {
            return new Source() {
                @Override
                public Optional<String> metrics() {
                    return Optional.of(text.get());
                }

                @Override
                public Optional<String> notReady() {
                    return Optional.empty();
                }
            };
        }
    }

    /**
     * Listens on all addresses or on none.
     *
     * @throws ListenException if an address is not available; names it
     */
    public static MetricsServer open(List<ListenAddress> addresses, Source source) throws ListenException {
        return open(addresses, source, LIFE_SECONDS_MAX);
    }

    /** @param lifeSeconds seconds after which a connection is closed, with or without its answer */
    static MetricsServer open(List<ListenAddress> addresses, Source source, int lifeSeconds) throws ListenException {
        return new MetricsServer(HttpServer.open(
                new HttpServer.Settings("metrics", "zerofs", 1, lifeSeconds, true),
                addresses,
                request -> answer(request, source)));
    }

    private static HttpAnswer answer(HttpRequest request, Source source) {
        if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
            return HttpAnswer.of(HttpStatus.METHOD_NOT_ALLOWED).allowing("GET, HEAD");
        }
        return switch (request.path()) {
            case "/metrics" ->
                source.metrics()
                        .map(text -> new HttpAnswer(HttpStatus.OK, CONTENT_TYPE, text))
                        .orElseGet(() -> unready(source));
            case "/healthz" -> HttpAnswer.text(HttpStatus.OK, "ok");
            case "/readyz" -> unready(source);
            default -> HttpAnswer.of(HttpStatus.NOT_FOUND);
        };
    }

    private static HttpAnswer unready(Source source) {
        return source.notReady()
                .map(reason -> HttpAnswer.text(HttpStatus.UNAVAILABLE, reason))
                .orElseGet(() -> HttpAnswer.text(HttpStatus.OK, "ready"));
    }

    /** Returns the port of the first TCP address. */
    public int port() {
        return server.port();
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
