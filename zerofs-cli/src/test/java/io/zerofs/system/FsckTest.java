// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The real {@code zerofs fsck}, beside a daemon with the same cache directory and at rest. */
@Tag("system")
class FsckTest {
    private static final int FILES = 5;
    private static final int DAMAGED_BYTES = 16;

    @RegisterExtension
    final Scratch scratch = new Scratch();

    @Test
    void aVolumeIsCheckedBesideItsDaemonAndAtRest() throws Exception {
        Daemon daemon = scratch.daemon("d").start();
        Path content = scratch.randomFile("content", 700_000);
        for (int i = 0; i < FILES; i++) {
            daemon.nfs().put(content, "file" + i);
            assertCheck(0, daemon.command("fsck", "--data"), "clean");
        }
        daemon.nfs().assertHas("file0", content);
        daemon.stop();
        daemon.assertNoWarnings();
        assertCheck(0, daemon.command("fsck", "--data", "--rate", "50"), "data: ");
        assertCheck(0, daemon.command("fsck", "--json"), "{\"kind\":\"summary\",\"problems\":0}");
        Path damaged = largestCommit();
        try (RandomAccessFile file = new RandomAccessFile(damaged.toFile(), "rw")) {
            file.seek(file.length() / 2);
            file.write(new byte[DAMAGED_BYTES]);
        }
        assertCheck(0, daemon.command("fsck"), "clean");
        assertCheck(4, daemon.command("fsck", "--data"), ": bytes ");
        Files.delete(damaged);
        assertCheck(4, daemon.command("fsck"), " is missing");
    }

    @Test
    void aCheckThatCannotBeMadeHasAStatusOfItsOwn() throws Exception {
        Daemon daemon = scratch.daemon("d");
        assertCheck(8, daemon.command("fsck"), "zerofs: ");
        daemon.start().stop();
        assertCheck(16, daemon.command("fsck", "--unknown"), "--unknown");
        assertCheck(16, daemon.command("fsck", "--rate", "0"), "--rate");
        daemon.password("wrong");
        assertCheck(8, daemon.command("fsck"), "password");
    }

    private Path largestCommit() throws IOException {
        try (Stream<Path> objects = Files.walk(scratch.path("store").resolve("commits"))) {
            List<Path> files = objects.filter(Files::isRegularFile).toList();
            Path largest = files.get(0);
            for (Path file : files) {
                largest = Files.size(file) > Files.size(largest) ? file : largest;
            }
            return largest;
        }
    }

    private static void assertCheck(int status, Command command, String text) throws InterruptedException {
        Running check = command.start();
        int found = check.awaitEnd(Daemon.START_MAX);
        assertTrue(check.output().contains(text), () -> text + " in " + check.output());
        assertEquals(status, found, check::output);
    }
}
