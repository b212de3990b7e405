// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.metrics;

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
import java.util.function.Supplier;

/**
 * Answers {@code GET /metrics} with the text that Prometheus reads, one request per connection. It implements only the
 * part of HTTP/1.1 (RFC 9112) that this needs: a request has a head of at most 8 KiB and no body. It has threads and
 * limits of its own, so that monitoring cannot keep the daemon from its work. Thread-safe.
 */
public final class MetricsServer implements MessageProtocol.Factory, AutoCloseable {
    private static final int HEAD_BYTES_MAX = 8 << 10;
    private static final int ANSWER_BYTES_MAX = 1 << 20;

    /** Maximum connections at once. A connection without a whole request makes way for the next one. */
    public static final int CONNECTIONS_MAX = 16;

    private static final int LIFE_SECONDS_MAX = 10;

    /** The format of https://prometheus.io/docs/instrumenting/exposition_formats. */
    private static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final ByteBuf HEAD_END =
            Unpooled.unreleasableBuffer(Unpooled.copiedBuffer("\r\n\r\n", StandardCharsets.US_ASCII));

    private final ServerResources resources;
    private final Supplier<String> text;
    private ProtocolServer server;

    private MetricsServer(Supplier<String> text, int lifeSeconds) {
        this.text = text;
        // The waiting thread does work of any size: counting may wait for a lock.
        this.resources = new ServerResources(ServerSettings.DEFAULT
                .withThreads(1, 1)
                .withConnectionsMax(CONNECTIONS_MAX)
                .withRequestsPerConnectionMax(1)
                .withBytesMax(ANSWER_BYTES_MAX, 2L * CONNECTIONS_MAX * ANSWER_BYTES_MAX)
                .withOffloadBytes(1)
                .withStallSeconds(lifeSeconds)
                .withCloseSeconds(1));
    }

    /**
     * Listens on all addresses or on none.
     *
     * @param text makes the answer; called on a thread that may wait, one call at a time
     * @throws ListenException if an address is not available; names it
     */
    public static MetricsServer open(List<ListenAddress> addresses, Supplier<String> text) throws ListenException {
        return open(addresses, text, LIFE_SECONDS_MAX);
    }

    /** @param lifeSeconds seconds after which a connection is closed, with or without its answer */
    static MetricsServer open(List<ListenAddress> addresses, Supplier<String> text, int lifeSeconds)
            throws ListenException {
        MetricsServer metrics = new MetricsServer(text, lifeSeconds);
        try {
            metrics.server = ProtocolServer.open("metrics", addresses, metrics.resources, metrics);
            return metrics;
        } catch (ListenException e) {
            metrics.resources.close();
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

    private record Answer(String status, String contentType, String body) {
        static Answer error(String status) {
            return new Answer(status, "text/plain; charset=utf-8", status + "\n");
        }
    }

    private Answer answer(String head) {
        String[] words = head.substring(0, head.indexOf("\r\n")).split(" ", -1);
        if (words.length != 3 || !words[2].startsWith("HTTP/1.")) {
            return Answer.error("400 Bad Request");
        }
        if (!words[0].equals("GET") && !words[0].equals("HEAD")) {
            return Answer.error("405 Method Not Allowed");
        }
        if (!words[1].equals("/metrics") && !words[1].startsWith("/metrics?")) {
            return Answer.error("404 Not Found");
        }
        return new Answer("200 OK", CONTENT_TYPE, text.get());
    }

    /** One connection and its only request. */
    private final class Exchange implements MessageProtocol {
        private final Connection connection;

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
            return end < 0 ? 0 : length;
        }

        @Override
        public void message(ByteBuf message, Request request) {
            // Before the answer, which another thread may send: the connection must ignore later bytes.
            connection.finish();
            String head = message.toString(StandardCharsets.ISO_8859_1);
            request.run(message.readableBytes(), () -> {
                Answer answer = answer(head);
                byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
                String lines = "HTTP/1.1 " + answer.status() + "\r\nContent-Type: " + answer.contentType()
                        + "\r\nContent-Length: " + body.length + "\r\nAllow: GET, HEAD\r\nConnection: close\r\n\r\n";
                ByteBuf bytes = connection.allocator().buffer(lines.length() + body.length);
                bytes.writeCharSequence(lines, StandardCharsets.US_ASCII);
                if (!head.startsWith("HEAD ")) {
                    bytes.writeBytes(body);
                }
                request.charge(bytes.readableBytes());
                request.reply(bytes);
            });
        }

        @Override
        public boolean isOneShot() {
            return true;
        }
    }
}
