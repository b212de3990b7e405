// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStore.PutOutcome;
import io.zerofs.storage.object.ObjectStoreContract;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalObjectStoreTest extends ObjectStoreContract {
    private static final InstantSource STOPPED = InstantSource.fixed(Instant.parse("2026-01-02T03:04:05Z"));

    @TempDir
    Path directory;

    @Override
    protected ObjectStore openEmpty() throws Exception {
        return LocalObjectStore.open(directory.resolve("not yet/there"), InstantSource.system());
    }

    @Test
    void theFileOfAnObjectHasItsName() throws Exception {
        put("commits/0001/0002", "hello");
        assertEquals("hello", Files.readString(root().resolve("commits/0001/0002")));
    }

    @Test
    void aStoppedClockDoesNotBringBackAVersion() throws Exception {
        store = LocalObjectStore.open(directory, STOPPED);
        put("object", "0");
        String first = store.get("object", 9).version();
        String version = first;
        for (int i = 1; i < 10; i++) {
            assertEquals(PutOutcome.STORED, replace("object", "" + i, version));
            assertEquals(PutOutcome.REFUSED, replace("object", "late", first));
            version = store.get("object", 9).version();
        }
    }

    @Test
    void aSecondOpeningSeesTheSameObjectsAndRacesFairly() throws Exception {
        put("object", "1");
        try (ObjectStore second = LocalObjectStore.open(root(), InstantSource.system())) {
            assertEquals("1", text(second.get("object", 9)));
            for (int round = 0; round < 50; round++) {
                String version = second.get("object", 99).version();
                String body = "round " + round;
                List<PutOutcome> outcomes = race(racer -> (racer % 2 == 0 ? store : second)
                        .put("object", List.of(bytes(body + racer)), new ObjectStore.IfVersion(version)));
                assertEquals(
                        1, outcomes.stream().filter(PutOutcome.STORED::equals).count());
            }
        }
    }

    @Test
    void leftoversOfACrashAreRemovedAtOpenAndNeverListed() throws Exception {
        Path old = Files.writeString(root().resolve(LocalObjectStore.STAGING).resolve("old"), "x");
        Path fresh = Files.writeString(root().resolve(LocalObjectStore.STAGING).resolve("fresh"), "x");
        Instant past = Instant.now().minus(LocalObjectStore.STAGING_AGE_MAX).minusSeconds(60);
        Files.setLastModifiedTime(old, FileTime.from(past));
        assertEquals(List.of(), list("", "", 10));
        LocalObjectStore.open(root(), InstantSource.system()).close();
        assertFalse(Files.exists(old));
        assertTrue(Files.exists(fresh), "another process may be about to give it a name");
    }

    @Test
    void noPutLeavesAStagedFile() throws Exception {
        put("object", "1");
        put("object", "2");
        replace("object", "3", store.get("object", 9).version());
        replace("object", "4", "another version");
        try (Stream<Path> staged = Files.list(root().resolve(LocalObjectStore.STAGING))) {
            assertEquals(List.of(), staged.toList());
        }
    }

    @Test
    void filesThatAreNoObjectsAreNotListed() throws Exception {
        put("a/object", "x");
        Files.createDirectories(root().resolve("lost+found"));
        Files.writeString(root().resolve("a/note to self"), "x");
        assertEquals(List.of("a/object"), list("", "", 10));
    }

    @Test
    void aNameBelowAnObjectIsRefusedWithItsPath() throws Exception {
        put("a", "x");
        String message = assertFails(Kind.REFUSED, () -> put("a/b", "x")).getMessage();
        assertTrue(message.contains(root().resolve("a").toString()), message);
    }

    @Test
    void aStoreThatIsAFileIsRefused() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "x");
        for (Path path : List.of(file, file.resolve("below"))) {
            String message = assertFails(Kind.REFUSED, () -> LocalObjectStore.open(path, STOPPED))
                    .getMessage();
            assertTrue(message.contains(file.toString()), message);
        }
    }

    @Test
    void aStoreThatVanishedIsNotAnEmptyOne() throws Exception {
        put("a/b", "x");
        Files.move(root(), directory.resolve("elsewhere"));
        assertFails(Kind.UNAVAILABLE, () -> store.get("a/b", 9));
        assertFails(Kind.UNAVAILABLE, () -> store.list("", "", 9));
        assertFails(Kind.UNAVAILABLE, () -> put("a/c", "x"));
    }

    private Path root() throws Exception {
        return Path.of(store.describe().substring("file://".length()));
    }
}
