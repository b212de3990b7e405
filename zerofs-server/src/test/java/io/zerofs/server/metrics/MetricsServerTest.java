// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.server.net.ListenAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetricsServerTest {
    private static final String TEXT = "zerofs_lines 1\n".repeat(10_000);

    private MetricsServer server;

    @BeforeEach
    void open() throws Exception {
        server = MetricsServer.open(List.of(ListenAddress.tcp("127.0.0.1", 0)), MetricsServer.Source.of(() -> TEXT), 1);
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void getAnswersTheTextWithItsType() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/metrics"))
                .build();
        HttpResponse<String> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertEquals(200, response.statusCode());
        assertEquals(TEXT, response.body());
        assertEquals(
                "text/plain; version=0.0.4; charset=utf-8",
                response.headers().firstValue("Content-Type").orElseThrow());
    }

    @Test
    void headAnswersWithoutTheText() throws Exception {
        String answer = exchange(server, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        assertTrue(answer.contains("Content-Length: " + TEXT.length()), answer);
        assertTrue(answer.endsWith("\r\n\r\n"), answer);
    }

    @ParameterizedTest
    @CsvSource({
        "GET / HTTP/1.1, 404",
        "GET /metricsx HTTP/1.1, 404",
        "GET /metrics?x=y HTTP/1.0, 200",
        "POST /metrics HTTP/1.1, 405",
        "GET /metrics HTTP/2.0, 400",
        "GET /metrics, 400",
        "'', 400",
        "\u0001\u0002\u0003 \u0004 \u0005, 400",
    })
    void everyRequestHasOneAnswerAndThenTheConnectionEnds(String line, int status) throws IOException {
        String answer = exchange(server, line + "\r\nHost: x\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n");
        assertTrue(
                answer.startsWith("HTTP/1.1 " + status + " "),
                answer.lines().findFirst().orElse(""));
        assertEquals(answer.indexOf("HTTP/1.1"), answer.lastIndexOf("HTTP/1.1"));
    }

    @Test
    void aDaemonThatDoesNotServeLivesAndSaysWhyItIsNotReady() throws Exception {
        AtomicReference<String> reason = new AtomicReference<>("it opens");
        MetricsServer.Source source = new MetricsServer.Source() {
            @Override
            public Optional<String> metrics() {
                return reason.get() == null ? Optional.of(TEXT) : Optional.empty();
            }

            @Override
            public Optional<String> notReady() {
                return Optional.ofNullable(reason.get());
            }
        };
        try (MetricsServer opening = MetricsServer.open(List.of(ListenAddress.tcp("127.0.0.1", 0)), source)) {
            for (String path : List.of("/readyz", "/metrics")) {
                String answer = exchange(opening, "GET " + path + " HTTP/1.1\r\n\r\n");
                assertTrue(answer.startsWith("HTTP/1.1 503 ") && answer.endsWith("\r\n\r\nit opens\n"), answer);
            }
            assertTrue(exchange(opening, "GET /healthz HTTP/1.1\r\n\r\n").startsWith("HTTP/1.1 200 "));
            reason.set(null);
            assertTrue(exchange(opening, "GET /readyz HTTP/1.1\r\n\r\n").endsWith("\r\n\r\nready\n"));
        }
    }

    @Test
    void aHeadWithoutEndIsNotCollected() throws IOException {
        assertEquals("", exchange(server, "GET /metrics HTTP/1.1\r\nX: " + "x".repeat(9_000)));
    }

    @Test
    void silentAndEndlessClientsAreClosedAndOthersAreServed() throws Exception {
        List<Socket> silent = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            silent.add(new Socket(InetAddress.getLoopbackAddress(), server.port()));
            silent.get(i).getOutputStream().write("GET /met".getBytes(StandardCharsets.US_ASCII));
        }
        for (Socket socket : silent) {
            assertEquals(0, socket.getInputStream().readAllBytes().length);
            socket.close();
        }
        getAnswersTheTextWithItsType();
    }

    @Test
    void aScrapeIsAnsweredAtOnceWhileOthersHoldEveryConnectionWithHalfARequest() throws Exception {
        List<Socket> slow = new ArrayList<>();
        try (MetricsServer patient = MetricsServer.open(
                List.of(ListenAddress.tcp("127.0.0.1", 0)), MetricsServer.Source.of(() -> TEXT), 3_600)) {
            for (int i = 0; i < 16; i++) {
                slow.add(new Socket(InetAddress.getLoopbackAddress(), patient.port()));
                slow.get(i).getOutputStream().write("GET /met".getBytes(StandardCharsets.US_ASCII));
            }
            assertTrue(exchange(patient, "GET /metrics HTTP/1.1\r\n\r\n").endsWith(TEXT));
            slow.get(0).setSoTimeout(30_000);
            assertEquals(-1, slow.get(0).getInputStream().read());
            slow.get(15).getOutputStream().write("rics HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertTrue(new String(slow.get(15).getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1)
                    .endsWith(TEXT));
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    /** Sends bytes and reads until the server ends the connection. */
    private static String exchange(MetricsServer server, String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (SocketException e) {
            return "";
        }
    }
}
