// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.secret.Secret;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A reader sees durable cuts, writes nothing to the store, and disturbs no daemon. */
class VolumeReaderTest {
    private final LifecycleFixture fixture = new LifecycleFixture();

    @AfterEach
    void closeFixture() throws Exception {
        fixture.close();
    }

    private static String seen(VolumeReader.View view, int number) throws Exception {
        byte[] value = view.volume().get(Process.key(number));
        return value == null ? null : new String(value, StandardCharsets.UTF_8);
    }

    @Test
    void everyStateIsACutWhileAWriterWritesAndPublishes() throws Exception {
        Seeds.run(seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            try (LifecycleFixture its = new LifecycleFixture()) {
                Process writer = its.process().open();
                try (VolumeReader reader = its.reader(writer)) {
                    int written = 0;
                    int durable = 0;
                    for (int round = 0; round < 12; round++) {
                        for (int i = random.nextInt(5); i > 0; i--) {
                            writer.write(written++, "text");
                            writer.write(0, "newest " + (written - 1));
                            if (random.nextInt(3) == 0) {
                                writer.volume.barrier();
                            }
                        }
                        if (random.nextInt(3) > 0) {
                            writer.barrier();
                            durable = written;
                        }
                        if (random.nextInt(4) == 0) {
                            writer.checkpoint();
                        }
                        requireCut(reader, durable, written);
                    }
                }
            }
        });
    }

    /** The key 0 names the newest key of its state, or one more has come without it. */
    private static void requireCut(VolumeReader reader, int durable, int written) throws Exception {
        try (VolumeReader.View view = reader.openNewest()) {
            int count = 0;
            while (count < written && seen(view, count) != null) {
                count++;
            }
            assertTrue(count >= durable, count + " keys instead of " + durable);
            for (int number = count; number < written; number++) {
                assertNull(seen(view, number), "key " + number + " without key " + count);
            }
            if (count > 1) {
                String newest = seen(view, 0);
                boolean fits = newest.equals("newest " + (count - 1)) || newest.equals("newest " + (count - 2));
                assertTrue(fits, newest + " of " + count);
            }
        }
    }

    @Test
    void aDaemonWithTheSameCacheDirectoryContinues() throws Exception {
        Process daemon = fixture.process().open().write(1, "one").barrier();
        List<String> before = fixture.names("");
        try (VolumeReader reader = fixture.reader(daemon)) {
            try (VolumeReader.View view = reader.openNewest()) {
                assertEquals("one", seen(view, 1));
            }
            assertEquals(before, fixture.names(""));
            daemon.write(2, "two").barrier().checkpoint().write(3, "three").barrier();
            OpenException second = assertThrows(OpenException.class, fixture.process(daemon.cacheDirectory)::open);
            assertEquals(OpenException.Kind.DIRECTORY_LOCKED, second.kind());
        }
        assertFalse(daemon.stopped.isDone());
        try (Stream<Path> left = Files.list(daemon.cacheDirectory)) {
            assertFalse(left.anyMatch(path -> path.getFileName().toString().startsWith("reader-")));
        }
    }

    @Test
    void aStateWhoseObjectsAreCollectedMeanwhileIsLeftForTheNewestOne() throws Exception {
        Process daemon = fixture.process().open().write(1, "one").barrier().checkpoint();
        List<String> old = fixture.names(TableReference.PREFIX);
        HookedStore hooked = new HookedStore(fixture.bucket);
        hooked.beforeFirst("get sst/", () -> {
            for (int i = 2; i < 8; i++) {
                daemon.write(i, "more").barrier().checkpoint();
            }
            daemon.recovered.index().compact();
            daemon.write(8, "last").barrier().checkpoint();
            List<String> gone = new ArrayList<>(old);
            gone.removeAll(daemon.keeper.chain().head().checkpoint().tables().stream()
                    .map(TableReference::objectName)
                    .toList());
            assertFalse(gone.isEmpty());
            fixture.bucket.delete(gone);
        });
        try (VolumeReader reader = fixture.reader(daemon, hooked);
                VolumeReader.View view = reader.openNewest()) {
            assertFalse(hooked.isPending());
            assertEquals("last", seen(view, 8));
        }
    }

    @Test
    void anObjectThatTheNewestManifestNeedsIsLost() throws Exception {
        Process daemon = fixture.process().open().write(1, "one").barrier().checkpoint();
        daemon.write(2, "two").barrier().write(3, "three").barrier();
        List<String> commits = fixture.names(CommitId.PREFIX);
        fixture.bucket.delete(List.of(commits.get(commits.size() - 2)));
        try (VolumeReader reader = fixture.reader(daemon)) {
            OpenException lost = assertThrows(OpenException.class, reader::openNewest);
            assertEquals(OpenException.Kind.LOST_OBJECT, lost.kind());
            assertTrue(lost.getMessage().contains(commits.get(commits.size() - 2)), lost.getMessage());
        }
    }

    @Test
    void aCommitInFlightIsNotPartOfTheState() throws Exception {
        Process daemon = fixture.process().open().write(1, "one").barrier();
        List<String> states = new ArrayList<>();
        daemon.hooks.beforeFirst("put commits/", () -> {
            try (VolumeReader reader = fixture.reader(daemon);
                    VolumeReader.View view = reader.openNewest()) {
                states.add(seen(view, 1) + ", " + seen(view, 2));
            }
        });
        daemon.write(2, "two").barrier();
        assertEquals(List.of("one, null"), states);
    }

    @Test
    void aTakeoverAfterTheFenceOfTheOldWriterIsSeenAsOneLog() throws Exception {
        Process first = fixture.process().open().write(1, "one").barrier();
        Process second = fixture.process().open().write(2, "two").barrier();
        try (VolumeReader reader = fixture.reader(second);
                VolumeReader.View view = reader.openNewest()) {
            assertEquals("one", seen(view, 1));
            assertEquals("two", seen(view, 2));
        }
        assertTrue(first.write(3, "three")
                .volume
                .barrier()
                .handle((ok, e) -> e != null)
                .get());
    }

    @Test
    void aManifestWithoutWhichALogWouldBeHiddenIsLost() throws Exception {
        fixture.process().open().write(1, "one").barrier().kill();
        Process second = fixture.process().open().write(2, "two").barrier();
        List<String> manifests = fixture.names(Manifest.PREFIX);
        fixture.bucket.delete(manifests.subList(manifests.size() - 1, manifests.size()));
        try (VolumeReader reader = fixture.reader(second)) {
            OpenException lost = assertThrows(OpenException.class, reader::openNewest);
            assertEquals(OpenException.Kind.LOST_OBJECT, lost.kind());
        }
    }

    @Test
    void anAbsentVolumeAndAWrongPasswordAreRefused() throws Exception {
        Process daemon = fixture.process().open();
        VolumeReader.Environment environment =
                new VolumeReader.Environment(daemon.runtime(), daemon.settings, daemon.cacheDirectory);
        OpenException wrong = assertThrows(
                OpenException.class,
                () -> VolumeReader.open(fixture.bucket, Secret.of("wrong"), environment, OpenProgress.SILENT));
        assertEquals(OpenException.Kind.WRONG_PASSWORD, wrong.kind());
        fixture.bucket.delete(List.of(VolumeObject.NAME));
        OpenException absent = assertThrows(OpenException.class, () -> fixture.reader(daemon));
        assertEquals(OpenException.Kind.NO_VOLUME, absent.kind());
    }

    @Test
    void theDirectoryOfAKilledReaderIsDeletedByTheNext() throws Exception {
        Process daemon = fixture.process().open();
        Path abandoned = Files.createDirectories(daemon.cacheDirectory.resolve("reader-killed"));
        Files.createFile(abandoned.resolve("lock"));
        try (VolumeReader first = fixture.reader(daemon);
                VolumeReader second = fixture.reader(daemon)) {
            assertFalse(Files.exists(abandoned));
            assertTrue(Files.exists(first.scratch()));
            assertTrue(Files.exists(second.scratch()));
        }
    }
}
