// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.cli.ExitCode;
import io.zerofs.core.files.Directories;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The daemon on a real S3 or Azure server with 30 ms of latency. {@code ci/system/run "store KIND"} starts the server. */
@Tag("system")
class StoreTest {
    private static final String LATENCY = "latency=30";

    @RegisterExtension
    static final Scratch SCRATCH = new Scratch();

    private static final List<Path> FILES = new ArrayList<>();
    private static Daemon daemon;
    private static long puts;
    private static long sent;

    @BeforeAll
    static void fill() throws Exception {
        StoreNetwork.set(LATENCY);
        daemon = SCRATCH.daemon("d").start();
        StoreNetwork.reset();
        for (int size : new int[] {0, 1, 4097, 262_145, 3_000_000, 20_000_000}) {
            put("f" + size, size);
        }
        puts = StoreNetwork.counted("requests.PUT");
        sent = StoreNetwork.counted("bytes.up");
        daemon.stop();
    }

    private static void put(String name, int size) throws Exception {
        Path file = SCRATCH.randomFile(name, size);
        daemon.nfs().put(file);
        FILES.add(file);
    }

    private static void assertHasAllFiles(Daemon each) throws Exception {
        for (Path file : FILES) {
            each.nfs().assertHas(file);
        }
    }

    @BeforeEach
    void networkIsWell() throws Exception {
        StoreNetwork.clear();
        StoreNetwork.set(LATENCY);
    }

    @AfterEach
    void stop() throws Exception {
        StoreNetwork.clear();
        if (daemon.last().runs()) {
            daemon.stop();
        }
    }

    @Test
    void filesTakeFewPutsAndHardlyMoreBytesThanTheyHave() {
        assertTrue(puts <= 30, () -> puts + " PUTs");
        assertTrue(sent <= 24_500_000, () -> sent + " bytes");
    }

    @Test
    void restartWithTheCacheReadsFromTheDisk() throws Exception {
        daemon.start();
        assertHasAllFiles(daemon);
        daemon.stop();
        daemon.start();
        StoreNetwork.reset();
        assertHasAllFiles(daemon);
        long gets = StoreNetwork.counted("requests.GET");
        assertTrue(gets <= 20, () -> gets + " GETs");
    }

    @Test
    void restartWithoutTheCacheReadsFromTheStore() throws Exception {
        Directories.delete(daemon.cache());
        daemon.start();
        StoreNetwork.reset();
        assertHasAllFiles(daemon);
        long gets = StoreNetwork.counted("requests.GET");
        assertTrue(gets >= 2, () -> gets + " GETs");
    }

    @Test
    void networkThatBreaksRequestsLosesNothing() throws Exception {
        daemon.start();
        StoreNetwork.set("before=4&after=4&upload=4&cut=4&corrupt=2&slowdown=4&unavailable=4");
        for (int i = 0; i < 20; i++) {
            put("g" + i, ThreadLocalRandom.current().nextInt(330_000));
        }
        assertHasAllFiles(daemon);
        daemon.stop();
        Directories.delete(daemon.cache());
        daemon.start();
        assertHasAllFiles(daemon);
    }

    @Test
    void writerWaitsForTheEndOfAnOutageAndTheLogHasBoth() throws Exception {
        daemon.start();
        Path file = SCRATCH.randomFile("during", 1_000_000);
        StoreNetwork.set("down=1");
        Running writer = Tool.NFS_CP.command(file, daemon.nfs().url("during")).start();
        await().during(Duration.ofSeconds(5)).atMost(Duration.ofSeconds(10)).until(writer::runs);
        StoreNetwork.clear();
        assertEquals(0, writer.awaitEnd(Duration.ofMinutes(3)), writer::output);
        FILES.add(file);
        daemon.last().awaitOutput("the store does not answer as it should", Duration.ofSeconds(10));
        daemon.last().awaitOutput("the store answers again", Duration.ofSeconds(10));
        assertHasAllFiles(daemon);
    }

    @Test
    void secondDaemonTakesOverWithAllFiles() throws Exception {
        daemon.start();
        Daemon second = SCRATCH.daemon("two").start();
        int status = 0;
        while (daemon.last().runs() && status == 0) {
            status = Command.of(
                            "timeout", 20, "nfs-cp", FILES.get(1), daemon.nfs().url("late"))
                    .result()
                    .status();
        }
        assertEquals(ExitCode.FENCED.status(), daemon.end());
        assertHasAllFiles(second);
        second.stop();
    }
}
