// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.checkpoint.LocalDirectory;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.manifest.CheckpointState;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class RecoveryTest {
    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    @Test
    void acknowledgedDataSurvivesACrashWithoutTheLocalDirectory() throws Exception {
        Process first = fixture.process().open();
        first.write(0, "a").barrier().write(1, "b").barrier().write(2, "lost");
        first.kill();

        Process second = fixture.process().open();

        assertEquals("a", second.read(0));
        assertEquals("b", second.read(1));
        assertNull(second.read(2));
    }

    @Test
    void aCheckpointWithCommitsInFlightOpensOnAFreshMachine() throws Exception {
        Process first = fixture.process().open();
        for (int i = 0; i < 20; i++) {
            first.write(i, "v" + i);
            if (i % 3 == 0) {
                first.volume.barrier();
            }
            if (i == 10) {
                first.checkpoint();
            }
        }
        first.write(0, "again").barrier();
        first.kill();

        Process second = fixture.process().open();

        assertEquals("again", second.read(0));
        for (int i = 1; i < 20; i++) {
            assertEquals("v" + i, second.read(i));
        }
        assertTrue(second.keeper.chain().head().checkpoint().tables().size() > 0);
    }

    @Test
    void afterAnOrderlyEndThereIsNothingToReplay() throws Exception {
        Process first = fixture.process().open();
        first.write(0, "a").shutDown();

        Process second = fixture.process(first.cacheDirectory).open();

        CheckpointState checkpoint = second.keeper.chain().head().checkpoint();
        assertEquals(checkpoint.replayTo() + 1, checkpoint.replayFrom());
        assertEquals("a", second.read(0));
    }

    @Test
    void aWarmDirectoryFetchesNoTable() throws Exception {
        Process first = fixture.process().open();
        first.write(0, "a").shutDown();

        Process warm = fixture.process(first.cacheDirectory).open();
        assertTrue(warm.store.requests().stream()
                .noneMatch(request -> request.name().startsWith("sst/")));
        warm.shutDown();

        Process cold = fixture.process().open();
        List<String> fetched = cold.store.requests().stream()
                .map(FaultyObjectStore.Request::name)
                .filter(name -> name.startsWith("sst/"))
                .toList();
        assertFalse(fetched.isEmpty());
        assertEquals(Set.copyOf(fetched).size(), fetched.size(), "a small table costs one request");
    }

    @Test
    void tablesThatCompactionReplacedSinceTheCheckpointAreNotFetched() throws Exception {
        Process first = fixture.process().open();
        first.write(0, "a").shutDown();
        try (Stream<Path> files = Files.walk(first.cacheDirectory)) {
            for (Path file : files.filter(RecoveryTest::isInDatabase).toList()) {
                Files.delete(file);
            }
        }
        Process warm = fixture.process(first.cacheDirectory).open();
        assertTrue(warm.store.requests().stream()
                .noneMatch(request -> request.name().startsWith("sst/")));
        assertEquals("a", warm.read(0));
    }

    @Test
    void aDamagedLocalTableIsFetchedInstead() throws Exception {
        Process first = fixture.process().open();
        first.write(0, "a").shutDown();
        try (Stream<Path> files = Files.walk(first.cacheDirectory)) {
            // The checkpoint that is kept has the same files by links.
            for (Path table : files.filter(file -> file.toString().endsWith(".sst") && isInDatabase(file))
                    .toList()) {
                byte[] bytes = Files.readAllBytes(table);
                bytes[bytes.length / 2] ^= 1;
                Files.write(table, bytes);
            }
        }

        Process second = fixture.process(first.cacheDirectory).open();
        assertEquals("a", second.read(0));
        assertTrue(second.store.requests().stream()
                .anyMatch(request -> request.name().startsWith("sst/")));
    }

    private static boolean isInDatabase(Path file) {
        return file.getParent().getFileName().toString().startsWith("db-");
    }

    @Test
    void twoOpensOfOneCheckpointGoTheirOwnWays() throws Exception {
        Process first = fixture.process().open();
        first.write(0, "a").barrier().checkpoint();
        first.kill();
        // Both rebuild the same database, so RocksDB assigns the same file numbers to different tables.
        Process second = fixture.process().open();
        second.write(1, "second").barrier().checkpoint();
        second.kill();
        Process third = fixture.process().open();
        third.write(2, "third").barrier().checkpoint();
        third.kill();

        Process fourth = fixture.process(first.cacheDirectory).open();

        assertEquals(List.of("a", "second", "third"), fourth.readAll(3));
    }

    @Test
    void deletingTheLocalDirectoryLosesNothing() throws Exception {
        Process first = fixture.process().open();
        first.write(0, "a").barrier().checkpoint().write(1, "b").shutDown();
        LocalDirectory.delete(first.cacheDirectory);

        assertEquals(
                List.of("a", "b"), fixture.process(first.cacheDirectory).open().readAll(2));
    }

    @Test
    void aWrongPasswordWritesNothing() throws Exception {
        fixture.process().open().shutDown();
        List<String> before = fixture.names("");
        Process intruder = fixture.process();

        OpenException e = assertThrows(OpenException.class, () -> intruder.open(Secret.of("guess")));

        assertEquals(OpenException.Kind.WRONG_PASSWORD, e.kind());
        assertEquals(before, fixture.names(""));
        assertTrue(Files.notExists(intruder.cacheDirectory));
    }

    @Test
    void aSecondDaemonOnOneDirectoryIsRefusedAndDoesNotEndTheFirst() throws Exception {
        Process first = fixture.process().open();
        Process second = fixture.process(first.cacheDirectory);

        OpenException e = assertThrows(OpenException.class, second::open);

        assertEquals(OpenException.Kind.DIRECTORY_LOCKED, e.kind());
        first.write(0, "a").barrier().checkpoint();
    }

    @Test
    void otherUsersCannotReadTheLocalDirectory() throws Exception {
        Process first = fixture.process().open();
        Path directory = first.cacheDirectory.resolve(first.volume.id().toString());

        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
    }

    @Test
    void aLostCommitIsNamedAndNothingIsFencedThere() throws Exception {
        Process first = fixture.process().open();
        for (int i = 0; i < 5; i++) {
            first.write(i, "v" + i).barrier();
        }
        first.kill();
        String lost = new CommitId(1, 3).objectName();
        fixture.bucket.delete(List.of(lost));

        OpenException e =
                assertThrows(OpenException.class, () -> fixture.process().open());

        assertEquals(OpenException.Kind.LOST_OBJECT, e.kind());
        assertTrue(e.getMessage().contains(lost), e.getMessage());
        assertEquals(4, fixture.names(CommitId.epochPrefix(1)).size());
    }

    @Test
    void theLastCommitMayBeMissedWhereTheManifestNeedsIt() throws Exception {
        Process first = fixture.process().open();
        first.write(0, "a").barrier().write(1, "b").checkpoint();
        first.kill();
        List<String> commits = fixture.names(CommitId.epochPrefix(1));
        String lost = commits.get(commits.size() - 1);
        fixture.bucket.delete(List.of(lost));

        OpenException e =
                assertThrows(OpenException.class, () -> fixture.process().open());

        assertEquals(OpenException.Kind.LOST_OBJECT, e.kind());
        assertTrue(e.getMessage().contains(lost), e.getMessage());
    }

    @Test
    void dataWithoutItsVolumeObjectOrManifestsIsNotFormattedOver() throws Exception {
        fixture.process().open().write(0, "a").barrier().kill();
        byte[] volume = fixture.bytes(VolumeObject.NAME);
        fixture.bucket.delete(List.of(VolumeObject.NAME));
        assertEquals(
                OpenException.Kind.LOST_OBJECT,
                assertThrows(OpenException.class, () -> fixture.process().open())
                        .kind());

        fixture.replace(VolumeObject.NAME, volume);
        fixture.bucket.delete(fixture.names(Manifest.PREFIX));
        assertEquals(
                OpenException.Kind.LOST_OBJECT,
                assertThrows(OpenException.class, () -> fixture.process().open())
                        .kind());
    }
}
