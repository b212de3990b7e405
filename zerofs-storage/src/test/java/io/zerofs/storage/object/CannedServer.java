// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** A server on loopback that answers every request in the same way, and remembers the requests. */
public final class CannedServer implements AutoCloseable {
    /** A request as it came. */
    public record Received(String method, String path, Map<String, List<String>> headers, byte[] body) {
        public String header(String name) {
            return headers.entrySet().stream()
                    .filter(header -> header.getKey().equalsIgnoreCase(name))
                    .map(header -> header.getValue().get(0))
                    .findFirst()
                    .orElse("");
        }
    }

    /** An answer. If its length exceeds the body, the server closes the connection; {@link #CHUNKED} means no length. */
    public record Answer(int status, Map<String, String> headers, String body, long length) {
        public static final long CHUNKED = -1;

        public Answer(int status, Map<String, String> headers, String body) {
            this(status, headers, body, body.getBytes(StandardCharsets.UTF_8).length);
        }

        /** The same with a header changed, or without it if the value is empty. */
        public Answer with(String header, String value) {
            Map<String, String> changed = new HashMap<>(headers);
            changed.remove(header);
            if (!value.isEmpty()) {
                changed.put(header, value);
            }
            return new Answer(status, changed, body, length);
        }

        public static Answer of(int status, String body) {
            return new Answer(status, Map.of("Content-Type", "application/xml"), body, body.length());
        }
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Received> received = new CopyOnWriteArrayList<>();
    private volatile Function<Received, Answer> answer = request -> Answer.of(200, "");
    private volatile boolean silent;

    public CannedServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::handle);
        server.setExecutor(threads);
        server.start();
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    public void answer(Answer next) {
        answer(request -> next);
    }

    public void answer(Function<Received, Answer> next) {
        answer = next;
    }

    /** From now on requests are read and never answered. */
    public void fallSilent() {
        silent = true;
    }

    public List<Received> received() {
        return received;
    }

    private void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        Received request = new Received(
                exchange.getRequestMethod(),
                exchange.getRequestURI().toString(),
                Map.copyOf(exchange.getRequestHeaders()),
                body);
        received.add(request);
        if (silent) {
            return;
        }
        Answer current = answer.apply(request);
        current.headers().forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
        if (request.method().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", Long.toString(current.length()));
            exchange.sendResponseHeaders(current.status(), -1);
            exchange.close();
            return;
        }
        long length = current.length() == Answer.CHUNKED ? 0 : current.length() == 0 ? -1 : current.length();
        exchange.sendResponseHeaders(current.status(), length);
        if (length >= 0) {
            OutputStream out = exchange.getResponseBody();
            out.write(current.body().getBytes(StandardCharsets.UTF_8));
            out.flush();
        }
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
