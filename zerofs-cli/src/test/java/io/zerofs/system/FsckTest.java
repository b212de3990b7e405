// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.format.Counters;
import io.zerofs.core.format.Keys;
import io.zerofs.core.secret.Secret;
import io.zerofs.core.volume.Batch;
import io.zerofs.storage.VolumeOpener;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.gc.GcSettings;
import io.zerofs.storage.object.local.LocalObjectStore;
import io.zerofs.storage.recovery.OpenProgress;
import io.zerofs.storage.recovery.OpenSettings;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
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

    @Test
    void aRepairNeedsTheVolumeForItselfAndSettlesDamage() throws Exception {
        Daemon daemon = scratch.daemon("d").start();
        Path content = scratch.randomFile("content", 700_000);
        daemon.nfs().put(content, "file");
        assertCheck(8, daemon.command("fsck", "--repair", "--yes"), "another daemon uses");
        daemon.nfs().assertHas("file", content);
        daemon.stop();
        assertCheck(16, daemon.command("fsck", "--repair"), "--yes");
        assertCheck(0, daemon.command("fsck", "--repair", "--yes"), "clean");
        damage(scratch.path("store"));
        assertCheck(4, daemon.command("fsck"), "counters are ");
        Path report = scratch.path("report.jsonl");
        Command repair = daemon.command("fsck", "--repair", "--yes", "--data", "--report", report);
        assertCheck(1, repair, "problems left: 0; changes: ");
        assertTrue(Files.readString(report).contains("{\"kind\":\"repaired\""));
        assertCheck(0, daemon.command("fsck", "--data"), "clean");
        daemon.start().nfs().assertHas("file", content);
        daemon.stop();
    }

    /** Writes wrong counters, as a broken program would. */
    private void damage(Path store) throws Exception {
        try (StorageVolume volume = VolumeOpener.open(
                LocalObjectStore.open(store, InstantSource.system()),
                Secret.of("system"),
                OpenSettings.DEFAULT,
                GcSettings.DEFAULT,
                scratch.path("other-cache"),
                OpenProgress.SILENT)) {
            Batch batch = volume.newBatch();
            batch.put(Keys.counters(), new Counters(100, 512, 7, 9).encode());
            volume.apply(batch);
        }
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
