// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.client.NinePSocket;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.ninep.wire.OpenFlags;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A follower beside the writer of the volume and beside its successor. */
@Tag("system")
class FollowerTest {
    /** A flush of the writer, a look of the follower, and an overloaded machine. */
    private static final Duration SEEN_MAX = Duration.ofSeconds(120);

    @RegisterExtension
    static final Scratch SCRATCH = new Scratch();

    private static final int NINEP_PORT = Ports.free();
    private static final int METRICS_PORT = Ports.free();
    private static Daemon writer;
    private static Daemon follower;

    @BeforeAll
    static void startBoth() throws Exception {
        writer = SCRATCH.daemon("w").with("[gc]\ngrace_secs = 1.0").start();
        follower = SCRATCH.daemon("f")
                .with("[servers.ninep]\nport = %d\n[prometheus]\nport = %d", NINEP_PORT, METRICS_PORT)
                .cache(writer.cache())
                .mode("--follow")
                .start();
    }

    @AfterAll
    static void bothStopInOrder() throws Exception {
        follower.stop();
        follower.assertNoWarnings();
        writer.stop();
    }

    private static void awaitShown(String name, Path content) {
        await().atMost(SEEN_MAX)
                .pollInterval(Duration.ofMillis(200))
                .until(() -> follower.nfs().list().stream().anyMatch(line -> line.endsWith(" " + name)));
        await().atMost(SEEN_MAX).untilAsserted(() -> follower.nfs().assertHas(name, content));
    }

    private static double metric(String name) throws Exception {
        String text = Http.get("http://127.0.0.1:" + METRICS_PORT + "/metrics");
        return Pattern.compile("^" + name + " (.*)$", Pattern.MULTILINE)
                .matcher(text)
                .results()
                .mapToDouble(found -> Double.parseDouble(found.group(1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + " in\n" + text));
    }

    @Test
    void clientsSeeWhatTheWriterAndItsSuccessorWrite() throws Exception {
        Path first = SCRATCH.randomFile("first", 700_000);
        writer.nfs().put(first, "a");
        awaitShown("a", first);
        try (NinePClient client = NinePSocket.alone(NINEP_PORT);
                Nfs3Client nfs = Nfs3Client.alone(follower.nfsPort())) {
            client.begin(0);
            client.walk(NinePClient.ROOT, 1, "a");
            client.open(1, OpenFlags.READ_ONLY);
            assertEquals(1000, client.read(1, 0, 1000).length());
            byte[] root = nfs.mount("/");
            assertEquals(Nfs3Status.ROFS, nfs.status(Nfs3Client.createCall(root, "b")));
            double commit = metric("zerofs_follower_commit");
            Path second = SCRATCH.randomFile("second", 300_000);
            writer.kill();
            writer.start();
            writer.nfs().put(second, "b");
            awaitShown("b", second);
            assertTrue(metric("zerofs_follower_commit") > commit);
            assertTrue(metric("zerofs_follower_lag_seconds") < SEEN_MAX.toSeconds());
            assertEquals(0, metric("zerofs_follower_failures_total"));
            assertEquals(1000, client.read(1, 0, 1000).length());
        }
    }
}
