// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.system.Ports;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DaemonHealthTest {
    @TempDir
    Path directory;

    @Test
    void opensThenServesThenStops() {
        DaemonHealth health = new DaemonHealth();
        assertEquals(Optional.of("the daemon opens the volume"), health.notReady());
        assertEquals(Optional.empty(), health.metrics());
        health.serves(null);
        assertEquals(Optional.empty(), health.notReady());
        health.stops();
        assertEquals(Optional.of("the daemon stops"), health.notReady());
    }

    @Test
    void aDaemonThatServesIsReadyAndHasMetrics() throws Exception {
        int port = Ports.free();
        try (RunningDaemon daemon = new RunningDaemon(directory, "[prometheus]\nport = " + port).start()) {
            for (String path : new String[] {"healthz", "readyz", "metrics"}) {
                HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/" + path))
                        .build();
                assertEquals(
                        200,
                        HttpClient.newHttpClient()
                                .send(request, HttpResponse.BodyHandlers.ofString())
                                .statusCode(),
                        path);
            }
        }
    }
}
