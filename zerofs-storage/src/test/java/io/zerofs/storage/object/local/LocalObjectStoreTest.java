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
import java.nio.file.NoSuchFileException;
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

    @Test
    void aRangeIsOfTheObjectThatHasTheNameNow() throws Exception {
        put("object", "one");
        assertEquals("ne", text(store.getRange("object", 1, 2)));
        try (ObjectStore other = LocalObjectStore.open(root(), InstantSource.system())) {
            String version = store.get("object", 9).version();
            other.put("object", List.of(bytes("two")), new ObjectStore.IfVersion(version));
            assertEquals("wo", text(store.getRange("object", 1, 2)));
            assertEquals(
                    store.get("object", 9).version(),
                    store.getRange("object", 1, 2).version());
            other.delete(List.of("object"));
            assertFails(Kind.NOT_FOUND, () -> store.getRange("object", 1, 2));
            put("object", "th");
            assertFails(Kind.TRUNCATED, () -> store.getRange("object", 1, 2));
            assertEquals("h", text(store.getRange("object", 1, 1)));
        }
    }

    @Test
    void anInterruptedReaderDisturbsNoOther() throws Exception {
        put("object", "one");
        store.getRange("object", 0, 1);
        Thread.currentThread().interrupt();
        assertFails(Kind.UNAVAILABLE, () -> store.getRange("object", 0, 1));
        assertTrue(Thread.interrupted());
        assertEquals("one", text(store.getRange("object", 0, 3)));
    }

    @Test
    void fewFilesStayOpenAndNoneOfADeletedObject() throws Exception {
        int objects = 3 * LocalObjectStore.OPEN_FILES_MAX;
        for (int i = 0; i < objects; i++) {
            put("many/" + i, "body " + i);
        }
        for (int i = 0; i < objects; i++) {
            assertEquals("body " + i, text(store.getRange("many/" + i, 0, ("body " + i).length())));
        }
        assertEquals(LocalObjectStore.OPEN_FILES_MAX, openFiles());
        store.delete(List.of("many/" + (objects - 1)));
        assertEquals(LocalObjectStore.OPEN_FILES_MAX - 1, openFiles());
        store.close();
        assertEquals(0, openFiles());
    }

    /** Returns the number of objects that this process has open. */
    private long openFiles() throws Exception {
        long open = 0;
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            for (Path file : files.toList()) {
                try {
                    open += Files.readSymbolicLink(file).toString().contains(root() + "/many/") ? 1 : 0;
                } catch (NoSuchFileException e) {
                    // It was the list's own file, or another thread has closed it.
                }
            }
        }
        return open;
    }

    private Path root() throws Exception {
        return Path.of(store.describe().substring("file://".length()));
    }
}
