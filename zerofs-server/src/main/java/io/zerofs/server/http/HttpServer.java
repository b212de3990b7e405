// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.net.Connection;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ListenException;
import io.zerofs.server.net.MessageProtocol;
import io.zerofs.server.net.ProtocolServer;
import io.zerofs.server.net.Request;
import io.zerofs.server.net.ServerResources;
import io.zerofs.server.net.ServerSettings;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Answers requests of HTTP/1.1 (RFC 9112), one per connection. A request has a head of at most 8 KiB and a body of at most
 * 64 KiB. The server has threads and limits of its own, so that operators cannot keep the daemon from its work, nor clients
 * the operators. Thread-safe.
 */
public final class HttpServer implements MessageProtocol.Factory, AutoCloseable {
    private static final int HEAD_BYTES_MAX = 8 << 10;
    private static final int BODY_BYTES_MAX = 64 << 10;
    private static final int ANSWER_BYTES_MAX = 1 << 20;

    /** Maximum connections at once. A connection without a whole request makes way for the next one. */
    public static final int CONNECTIONS_MAX = 16;

    private static final ByteBuf HEAD_END =
            Unpooled.unreleasableBuffer(Unpooled.copiedBuffer("\r\n\r\n", StandardCharsets.US_ASCII));

    private final Settings settings;
    private final HttpHandler handler;
    private final ServerResources resources;
    private ProtocolServer server;

    /**
     * A server's name and limits.
     *
     * @param name name for messages
     * @param product product and version, which each answer names
     * @param threads maximum requests that are answered at once
     * @param lifeSeconds seconds after which a connection without a whole request is closed
     * @param answersInTime whether this is also the limit of the answer; else an answer may take as long as it needs
     */
    public record Settings(String name, String product, int threads, int lifeSeconds, boolean answersInTime) {}

    private HttpServer(Settings settings, HttpHandler handler) {
        this.settings = settings;
        this.handler = handler;
        // The waiting thread does work of any size: every answer may wait for a lock.
        this.resources = new ServerResources(ServerSettings.DEFAULT
                .withThreads(1, settings.threads())
                .withConnectionsMax(CONNECTIONS_MAX)
                .withRequestsPerConnectionMax(1)
                .withBytesMax(ANSWER_BYTES_MAX, 2L * CONNECTIONS_MAX * ANSWER_BYTES_MAX)
                .withOffloadBytes(1)
                .withStallSeconds(settings.lifeSeconds())
                .withCloseSeconds(1)
                .withClientShare(1));
    }

    /**
     * Listens on all addresses or on none.
     *
     * @throws ListenException if an address is not available; names it
     */
    public static HttpServer open(Settings settings, List<ListenAddress> addresses, HttpHandler handler)
            throws ListenException {
        HttpServer http = new HttpServer(settings, handler);
        try {
            http.server = ProtocolServer.open(settings.name(), addresses, http.resources, http);
            return http;
        } catch (ListenException e) {
            http.resources.close();
            throw e;
        }
    }

    /** Returns the port of the first TCP address. */
    public int port() {
        return server.port();
    }

    @Override
    public MessageProtocol connect(Connection connection) {
        return new Exchange(connection);
    }

    @Override
    public void close() {
        server.close();
        resources.close();
    }

    private HttpAnswer answer(String head, String body) throws InterruptedException {
        long bodyBytes = HttpRequest.bodyBytes(head);
        if (bodyBytes < 0) {
            return HttpAnswer.of(HttpStatus.LENGTH_REQUIRED);
        }
        if (bodyBytes > BODY_BYTES_MAX) {
            return HttpAnswer.of(HttpStatus.CONTENT_TOO_LARGE);
        }
        HttpRequest request;
        try {
            request = HttpRequest.of(head, body);
        } catch (IllegalArgumentException e) {
            return HttpAnswer.of(HttpStatus.BAD_REQUEST);
        }
        return handler.handle(request);
    }

    /** One connection and its only request. */
    private final class Exchange implements MessageProtocol {
        private final Connection connection;

        /** The thread that makes the answer, or null. Guarded by this. */
        private Thread answering;

        private boolean closed;
        private volatile boolean requested;
        /** Whether the head of a stream was sent. Confined to the answering thread. */
        private boolean streaming;

        Exchange(Connection connection) {
            this.connection = connection;
        }

        @Override
        public int messageBytes(ByteBuf received) throws MalformedMessageException {
            int end = ByteBufUtil.indexOf(HEAD_END, received);
            int length = end < 0 ? received.readableBytes() : end - received.readerIndex() + HEAD_END.readableBytes();
            if (length > HEAD_BYTES_MAX) {
                throw new MalformedMessageException("the head of a request has more than " + HEAD_BYTES_MAX + " bytes");
            }
            if (end < 0) {
                return 0;
            }
            long body = HttpRequest.bodyBytes(
                    received.toString(received.readerIndex(), length, StandardCharsets.ISO_8859_1));
            // A body that is too large is not read: the answer to its head says so.
            return body > BODY_BYTES_MAX ? length : length + (int) Math.max(0, body);
        }

        @Override
        public void message(ByteBuf message, Request request) {
            // Before the answer, which another thread may send: the connection must ignore later bytes.
            connection.finish();
            requested = true;
            request.run(message.readableBytes(), () -> run(message, request));
        }

        private void run(ByteBuf message, Request request) {
            int headBytes = ByteBufUtil.indexOf(HEAD_END, message) - message.readerIndex() + HEAD_END.readableBytes();
            String head = message.toString(message.readerIndex(), headBytes, StandardCharsets.ISO_8859_1);
            String body = message.toString(
                    message.readerIndex() + headBytes, message.readableBytes() - headBytes, StandardCharsets.UTF_8);
            if (!begin()) {
                request.end();
                return;
            }
            HttpAnswer answer;
            try {
                answer = answer(head, body);
                if (answer.stream() != null) {
                    stream(answer);
                }
            } catch (InterruptedException e) {
                answer = HttpAnswer.of(HttpStatus.UNAVAILABLE);
            } finally {
                ended();
            }
            if (streaming) {
                request.end();
            } else {
                send(answer, head.startsWith("HEAD "), request);
            }
        }

        private void stream(HttpAnswer answer) throws InterruptedException {
            streaming = true;
            write(head(answer, ""));
            answer.stream().writeTo(this::write);
        }

        /** Sends a piece and waits until the socket took it, so that one piece is in memory. */
        private void write(String piece) throws InterruptedException {
            CountDownLatch sent = new CountDownLatch(1);
            connection.send(Unpooled.copiedBuffer(piece, StandardCharsets.UTF_8), sent::countDown);
            sent.await();
            synchronized (this) {
                if (closed) {
                    throw new InterruptedException();
                }
            }
        }

        private String head(HttpAnswer answer, String length) {
            return "HTTP/1.1 " + answer.status().line() + "\r\nServer: " + settings.product()
                    + "\r\nContent-Type: " + answer.contentType() + length
                    + (answer.allow().isEmpty() ? "" : "\r\nAllow: " + answer.allow())
                    + "\r\nConnection: close\r\n\r\n";
        }

        private void send(HttpAnswer answer, boolean headOnly, Request request) {
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            String lines = head(answer, "\r\nContent-Length: " + body.length);
            ByteBuf bytes = connection.allocator().buffer(lines.length() + body.length);
            bytes.writeCharSequence(lines, StandardCharsets.US_ASCII);
            if (!headOnly) {
                bytes.writeBytes(body);
            }
            request.charge(bytes.readableBytes());
            request.reply(bytes);
        }

        private synchronized boolean begin() {
            answering = closed ? null : Thread.currentThread();
            return !closed;
        }

        private synchronized void ended() {
            answering = null;
            // The thread belongs to the pool, and a later request must not find the mark.
            Thread.interrupted();
        }

        @Override
        public synchronized void closed(boolean inOrder) {
            closed = true;
            if (answering != null) {
                answering.interrupt();
            }
        }

        @Override
        public boolean isOneShot() {
            return settings.answersInTime() || !requested;
        }
    }
}
