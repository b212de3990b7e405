// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.cli.ExitCode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two daemons on one store: the second takes over while a client writes to the first until it finds out. */
@Tag("system")
class TakeoverTest {
    private static final int FILES_BEFORE = 5;
    private static final int FILE_SIZE = 300_000;

    @RegisterExtension
    static final Scratch SCRATCH = new Scratch();

    private static final List<Path> WRITTEN = new ArrayList<>();
    private static Daemon first;
    private static Daemon second;
    private static int status;

    @BeforeAll
    static void takeOver() throws Exception {
        first = SCRATCH.daemon("one").start();
        second = SCRATCH.daemon("two");
        while (WRITTEN.size() < FILES_BEFORE) {
            Path file = nextFile();
            first.nfs().put(file);
            WRITTEN.add(file);
        }
        second.launch();
        for (Path file = nextFile(); first.last().runs() && copies(file); file = nextFile()) {
            WRITTEN.add(file);
        }
        status = first.end();
        second.awaitReady();
    }

    private static Path nextFile() throws Exception {
        return SCRATCH.randomFile("f" + WRITTEN.size(), FILE_SIZE);
    }

    private static boolean copies(Path file) throws InterruptedException {
        String url = first.nfs().url(file.getFileName().toString());
        return Command.of("timeout", 20, "nfs-cp", file, url).result().status() == 0;
    }

    /** Returns how many files the first daemon acknowledged: nfs-cp ignores the answer to its last COMMIT. */
    private static int acknowledged() {
        return WRITTEN.size()
                - (int) Pattern.compile("COMMIT is not durable")
                        .matcher(first.log())
                        .results()
                        .count();
    }

    @AfterAll
    static void theSecondStopsInOrder() throws Exception {
        second.stop();
    }

    @Test
    void theFirstEndsAsFenced() {
        assertEquals(ExitCode.FENCED.status(), status);
    }

    @Test
    void theFirstNamesTheOtherWriter() {
        // It learns of the other one from its own commit or from a newer epoch.
        assertTrue(first.last().said("another (writer owns the volume|daemon took the volume over)"));
    }

    @Test
    void filesBeforeTheTakeoverWereAcknowledged() {
        assertTrue(acknowledged() >= FILES_BEFORE, () -> acknowledged() + " of " + WRITTEN.size());
    }

    @Test
    void theSecondHasEachAcknowledgedFile() throws Exception {
        for (Path file : WRITTEN.subList(0, acknowledged())) {
            second.nfs().assertHas(file);
        }
    }
}
