// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.metrics;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Mutations;
import io.zerofs.server.fuzz.FuzzConnection;
import io.zerofs.server.net.ListenAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Bytes in place of HTTP requests. */
final class MetricsFuzzTest {
    private static final int ROUNDS = 40_000;

    private static MetricsServer server;

    @Test
    void anyRequestIsAnsweredOrRefused() throws Exception {
        Mutations.run(
                List.of(
                        text("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"),
                        text("HEAD /metrics?x=1 HTTP/1.0\r\n\r\n"),
                        text("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"),
                        text("\r\n\r\n"),
                        text("GET  /metrics\r\n\r\n")),
                ROUNDS,
                MetricsFuzzTest::fuzzerTestOneInput);
    }

    /** The bytes of a client. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        if (server == null) {
            server = MetricsServer.open(
                    List.of(ListenAddress.tcp("127.0.0.1:0")), MetricsServer.Source.of(() -> "a 1\n"));
        }
        FuzzConnection connection = new FuzzConnection(server);
        Mutations.bounded(input.length, () -> connection.feed(input));
        for (byte[] reply : connection.replies()) {
            assertTrue(new String(reply, StandardCharsets.US_ASCII).startsWith("HTTP/1.1 "));
        }
        connection.end();
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
