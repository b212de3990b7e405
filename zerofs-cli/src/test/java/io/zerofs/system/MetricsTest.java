// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The metrics of the real program over HTTP, while it stores a file of a million bytes. */
@Tag("system")
class MetricsTest {
    private static final int FILE_SIZE = 1_000_000;
    private static final Duration DROP_MAX = Duration.ofSeconds(25);

    @RegisterExtension
    static final Scratch SCRATCH = new Scratch();

    private static final int PORT = Ports.free();
    private static Daemon daemon;
    private static Path file;
    private static String before;
    private static String after;

    @BeforeAll
    static void storeAFile() throws Exception {
        daemon = SCRATCH.daemon("d").with("[prometheus]\nport = %d", PORT).start();
        file = SCRATCH.randomFile("file", FILE_SIZE);
        before = scrape();
        daemon.nfs().put(file, "file");
        daemon.nfs().fetch("file");
        after = scrape();
    }

    @AfterAll
    static void theDaemonStopsInOrder() throws Exception {
        daemon.stop();
    }

    private static String url(String path) {
        return "http://127.0.0.1:" + PORT + path;
    }

    private static String scrape() throws IOException, InterruptedException {
        return Http.get(url("/metrics"));
    }

    private static double value(String metrics, String sample) {
        return metrics.lines()
                .filter(line -> line.startsWith(sample + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(sample.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no sample " + sample + " in\n" + metrics));
    }

    private static double grown(String sample) {
        return value(after, sample) - value(before, sample);
    }

    @Test
    void putsAndTheirBytesAreCounted() {
        assertTrue(grown("zerofs_store_requests_total{operation=\"put\",outcome=\"ok\"}") > 0);
        assertTrue(grown("zerofs_store_bytes_total{operation=\"put\"}") >= FILE_SIZE);
    }

    @Test
    void requestsOfNfsAreCounted() {
        assertTrue(value(after, "zerofs_server_request_seconds_count{protocol=\"NFS\"}") >= 5);
    }

    @Test
    void noUploadFailed() {
        assertEquals(0, value(after, "zerofs_failed_uploads_total"));
    }

    @Test
    void threadsAndFileDescriptorsOfTheProcessAreCounted() {
        assertTrue(value(after, "jvm_threads_current") >= 10);
        assertTrue(value(after, "process_open_fds") >= 10);
    }

    @Test
    void prometheusAcceptsTheText() throws Exception {
        Tool.PROMTOOL
                .command("check", "metrics")
                .reading(Files.writeString(SCRATCH.path("metrics"), after))
                .run();
    }

    @Test
    void thePageForOperatorsListsTheMetrics() throws Exception {
        String page = Files.readString(Path.of("..", "docs", "operations.md"));
        SortedSet<String> listed = names("^\\| `(zerofs_[a-z_]+)`", page);
        // A follower has these; see FollowerTest.
        listed.removeIf(name -> name.startsWith("zerofs_follower_"));
        assertEquals(listed, names("^# TYPE (zerofs_[a-z_]+) ", after));
    }

    private static SortedSet<String> names(String pattern, String text) {
        return Pattern.compile(pattern, Pattern.MULTILINE)
                .matcher(text)
                .results()
                .map(each -> each.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Scrapes have sixteen connections. A new one replaces one that has not sent a whole request. */
    @Test
    void clientsThatNeverFinishTheirRequestAreDropped() throws Exception {
        List<Socket> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                Socket client = new Socket(InetAddress.getLoopbackAddress(), PORT);
                clients.add(client);
                client.getOutputStream().write("GET /metrics HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII));
            }
            daemon.nfs().put(file, "again");
            await().atMost(DROP_MAX)
                    .pollInterval(Duration.ofMillis(500))
                    .ignoreExceptions()
                    .until(() -> !scrape().isEmpty());
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
    }

    @Test
    void anotherPathIsNotFound() throws Exception {
        assertEquals(
                404, Http.send(HttpRequest.newBuilder(URI.create(url("/")))).statusCode());
    }

    @Test
    void anotherMethodIsNotAllowed() throws Exception {
        HttpRequest.Builder post =
                HttpRequest.newBuilder(URI.create(url("/metrics"))).POST(HttpRequest.BodyPublishers.ofString("x"));
        assertEquals(405, Http.send(post).statusCode());
    }
}
