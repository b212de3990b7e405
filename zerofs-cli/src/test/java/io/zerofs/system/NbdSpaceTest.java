// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A client fills a device with data that does not compress, and then trims all but its last 8 MiB. SCALE enlarges it. */
@Tag("system")
class NbdSpaceTest {
    private static final long MIB = 1 << 20;
    private static final long TRIMMED =
            128 * MIB * Integer.parseInt(System.getenv().getOrDefault("SCALE", "1"));
    private static final long KEPT = 8 * MIB;
    private static final Duration RETURN_MAX = Duration.ofSeconds(240);

    @RegisterExtension
    static final Scratch SCRATCH = new Scratch();

    private static Daemon daemon;
    private static String uri;
    private static Path data;
    private static long full;

    @BeforeAll
    static void fillAndTrim() throws Exception {
        Path socket = SCRATCH.path("nbd.sock");
        daemon = SCRATCH.daemon("d")
                .with("[servers.nbd]\naddresses = []\nunix_socket = \"%s\"", socket)
                .with("[gc]\ngrace_secs = 2.0")
                .start();
        uri = "nbd+unix:///disk?socket=" + socket;
        Path zeros = SCRATCH.path("zeros");
        try (RandomAccessFile file = new RandomAccessFile(zeros.toFile(), "rw")) {
            file.setLength(TRIMMED + KEPT);
        }
        daemon.nfs().put(zeros, ".nbd/disk");
        data = SCRATCH.randomFile("data", TRIMMED + KEPT);
        Tool.NBDCOPY.run("--flush", data, uri);
        full = stored(SCRATCH.path("store").toFile());
        Tool.QEMU_IO.run("-f", "raw", "-c", "discard 0 " + TRIMMED, "-c", "flush", uri);
    }

    /** Garbage collection may delete a file meanwhile, which counts nothing then. */
    private static long stored(File directory) {
        return Stream.of(directory.listFiles())
                .mapToLong(each -> each.isDirectory() ? stored(each) : each.length())
                .sum();
    }

    @AfterAll
    static void theDaemonStopsInOrderAndLoggedNoWarning() throws Exception {
        daemon.stop();
        daemon.assertNoWarnings();
    }

    @Test
    void theFullDeviceIsInTheStore() {
        assertTrue(full >= TRIMMED, () -> full + " bytes");
    }

    @Test
    void theMapShowsAHole() throws Exception {
        String map = Tool.NBDINFO.run("--map", uri).replaceAll(" +", " ");
        assertTrue(map.contains(" 0 " + TRIMMED + " 3 hole,zero\n"), map);
    }

    @Test
    void theStoreReturnsTheSpace() {
        await().atMost(RETURN_MAX)
                .pollInterval(Duration.ofMillis(500))
                .until(() -> stored(SCRATCH.path("store").toFile()), size -> size <= KEPT + TRIMMED / 10);
    }

    @Test
    void trimmedBytesAreZerosAndTheOthersAreUnchanged() throws Exception {
        Path back = SCRATCH.path("back");
        Tool.NBDCOPY.run(uri, back);
        try (RandomAccessFile expected = new RandomAccessFile(data.toFile(), "rw")) {
            for (long offset = 0; offset < TRIMMED; offset += MIB) {
                expected.write(new byte[(int) MIB]);
            }
        }
        assertEquals(-1, Files.mismatch(data, back));
    }
}
