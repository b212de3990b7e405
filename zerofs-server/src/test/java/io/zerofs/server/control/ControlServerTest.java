// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ListenException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ControlServerTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private final CountDownLatch waiting = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private Path socket;
    private ControlServer server;

    @BeforeEach
    void open() throws Exception {
        socket = directory.resolve("s");
        server = open(1);
    }

    private ControlServer open(int lifeSeconds) throws ListenException {
        ControlRoutes routes = new ControlRoutes()
                .add("GET", "/v1/echo", request -> Map.of("text", request.required("text")), "text")
                .add("POST", "/v1/echo", request -> Map.of("text", request.required("text")), "text")
                .add("GET", "/v1/absent", request -> {
                    throw new ControlException(ControlException.Kind.NOT_FOUND, "there is no such thing");
                })
                .add("GET", "/v1/bug", request -> {
                    throw new IllegalStateException("a bug for this test");
                })
                .addStream("/v1/stream", lines -> {
                    try {
                        for (int i = 0; true; i++) {
                            lines.write(List.of(Map.of("line", i)));
                        }
                    } catch (InterruptedException e) {
                        interrupted.countDown();
                        throw e;
                    }
                })
                .add("GET", "/v1/wait", request -> {
                    waiting.countDown();
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        interrupted.countDown();
                        throw e;
                    }
                    return Map.of();
                });
        return ControlServer.open(ListenAddress.unix(socket), "7", routes, lifeSeconds);
    }

    @AfterEach
    void close() {
        server.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET /v1/echo?text=a%20%C3%A4%22 | 200 | {\"text\":\"a ä\\\"\"}",
                "GET /v1/echo | 400 | {\"error\":\"invalid\",\"message\":\"the parameter text is missing\"}",
                "GET /v1/echo?text=a&x=y | 400 | {\"error\":\"invalid\",\"message\":\"/v1/echo has no parameter \\\"x\\\"\"}",
                "PUT /v1/echo | 405 | {\"error\":\"invalid\",\"message\":\"/v1/echo has only the methods GET, POST\"}",
                "GET /v1/absent | 404 | {\"error\":\"not_found\",\"message\":\"there is no such thing\"}",
                "GET /v1/new | 404 |"
                        + " {\"error\":\"unknown_command\",\"message\":\"the daemon is of version 7 and does not know /v1/new\"}",
                "GET /v1/bug | 500 |"
                        + " {\"error\":\"internal\",\"message\":\"the command failed because of a bug;"
                        + " the log of the daemon has more\"}",
            })
    void eachRequestHasAnAnswerInJson(String line, int status, String body) throws IOException {
        String answer = exchange(line + " HTTP/1.1\r\nHost: x\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
        assertTrue(answer.contains("\r\nServer: zerofs/7\r\nContent-Type: application/json\r\n"), answer);
        assertEquals(body + "\n", answer.substring(answer.indexOf("\r\n\r\n") + 4));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"text\": \"from the body\"} | 200",
                "{\"text\": 17} | 200",
                "{\"text\": null} | 400",
                "{\"text\" | 400",
                "[] | 400",
                "{} {} | 400"
            })
    void aBodyIsOneObject(String body, int status) throws IOException {
        String answer = post(body.getBytes(StandardCharsets.UTF_8).length, body);
        assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
    }

    @Test
    void bodiesAreBoundedByTheirHead() throws IOException {
        String object = "{\"text\":\"" + "x".repeat((64 << 10) - 11) + "\"}";
        assertTrue(post(object.length(), object).startsWith("HTTP/1.1 200 "));
        assertTrue(post((64 << 10) + 1, "").startsWith("HTTP/1.1 413 "));
        assertTrue(exchange("POST /v1/echo HTTP/1.1\r\nContent-Length: many\r\n\r\n")
                .startsWith("HTTP/1.1 411 "));
        assertTrue(exchange("POST /v1/echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
                .startsWith("HTTP/1.1 411 "));
    }

    @Test
    void aCommandMayWaitLongerThanASilentClientAndEndsWithItsClient() throws Exception {
        try (SocketChannel waits = connect("GET /v1/wait HTTP/1.1\r\n\r\n")) {
            assertTrue(waiting.await(30, TimeUnit.SECONDS));
            // The daemon ends the silent one after its second. The waiting one is older.
            try (SocketChannel silent = connect("GET /v1/wa")) {
                assertEquals("", read(silent));
            }
            assertEquals(1, interrupted.getCount());
            assertTrue(exchange("GET /v1/echo?text=a HTTP/1.1\r\n\r\n").startsWith("HTTP/1.1 200 "));
        }
        assertTrue(interrupted.await(30, TimeUnit.SECONDS));
    }

    @Test
    void aStreamEndsWithItsClient() throws Exception {
        try (SocketChannel reads = connect("GET /v1/stream HTTP/1.1\r\n\r\n")) {
            Scanner lines = new Scanner(Channels.newInputStream(reads), StandardCharsets.UTF_8);
            assertEquals("HTTP/1.1 200 OK", lines.nextLine());
            for (String line = ""; !line.equals("{\"line\":1000}"); line = lines.nextLine()) {
                assertFalse(line.startsWith("Content-Length"), line);
            }
            assertEquals(1, interrupted.getCount());
        }
        assertTrue(interrupted.await(30, TimeUnit.SECONDS));
    }

    @Test
    void aStreamThatNoOneReadsEnds() throws Exception {
        try (SocketChannel stalled = connect("GET /v1/stream HTTP/1.1\r\n\r\n")) {
            assertTrue(interrupted.await(30, TimeUnit.SECONDS));
            assertTrue(stalled.isConnected());
        }
    }

    @Test
    void aWaitingCommandDoesNotHoldUpTheStop() throws Exception {
        try (SocketChannel waits = connect("GET /v1/wait HTTP/1.1\r\n\r\n")) {
            assertTrue(waiting.await(30, TimeUnit.SECONDS));
            assertTimeoutPreemptively(SOON, server::close);
            assertTrue(interrupted.await(30, TimeUnit.SECONDS));
            assertTrue(Files.notExists(socket));
        }
    }

    @Test
    void silentConnectionsEndAndMakeWay() throws Exception {
        server.close();
        server = open(3_600);
        List<SocketChannel> silent = new ArrayList<>();
        try {
            for (int i = 0; i < 16; i++) {
                silent.add(connect("GET /v1/ec"));
            }
            assertTrue(exchange("GET /v1/echo?text=a HTTP/1.1\r\n\r\n").startsWith("HTTP/1.1 200 "));
        } finally {
            for (SocketChannel each : silent) {
                each.close();
            }
        }
    }

    @Test
    void aStaleSocketIsReplacedAndALivingOneIsNot() throws Exception {
        assertThrows(ListenException.class, () -> open(1));
        server.close();
        try (var left = java.nio.channels.ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            left.bind(UnixDomainSocketAddress.of(socket));
        }
        assertTrue(Files.exists(socket));
        server = open(1);
        assertTrue(exchange("GET /v1/echo?text=a HTTP/1.1\r\n\r\n").startsWith("HTTP/1.1 200 "));
    }

    private String post(int length, String body) throws IOException {
        return exchange("POST /v1/echo HTTP/1.1\r\nContent-Length: " + length + "\r\n\r\n" + body);
    }

    private String exchange(String request) throws IOException {
        try (SocketChannel channel = connect(request)) {
            return read(channel);
        }
    }

    private SocketChannel connect(String request) throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        ByteBuffer bytes = ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        return channel;
    }

    private static String read(SocketChannel channel) {
        return assertTimeoutPreemptively(SOON, () -> {
            try {
                return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
            } catch (java.net.SocketException e) {
                return ""; // The daemon may reset the connection.
            }
        });
    }
}
