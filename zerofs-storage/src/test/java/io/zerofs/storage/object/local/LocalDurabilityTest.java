// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.ObjectStore.IfAbsent;
import io.zerofs.storage.object.ObjectStore.IfVersion;
import io.zerofs.storage.object.ObjectStore.PutCondition;
import io.zerofs.storage.object.ObjectStore.PutOutcome;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The syncs of each operation, and the effect of a failed sync. */
class LocalDurabilityTest {
    @TempDir
    Path temporary;

    private final RecordedSyncing syncing = new RecordedSyncing();
    private Path root;
    private LocalObjectStore store;

    /** Notes each sync as what a crash right after it would leave for certain. */
    private static final class RecordedSyncing implements Syncing {
        final List<Path> synced = new ArrayList<>();
        Predicate<Path> fails = path -> false;
        Predicate<Path> watched = path -> false;
        Action onDirectory = () -> {};

        interface Action {
            void run() throws IOException;
        }

        @Override
        public void file(Path file, FileChannel channel) throws IOException {
            note(file);
        }

        @Override
        public void directory(Path directory) throws IOException {
            if (watched.test(directory)) {
                watched = path -> false;
                onDirectory.run();
            }
            note(directory);
        }

        private void note(Path path) throws IOException {
            synced.add(path);
            if (fails.test(path)) {
                fails = never -> false;
                throw new IOException("Input/output error");
            }
        }
    }

    @BeforeEach
    void open() throws Exception {
        root = temporary.toRealPath().resolve("not yet").resolve("there");
        store = LocalObjectStore.open(root, InstantSource.system(), syncing);
    }

    @Test
    void newDirectoriesHaveTheirNamesSynced() throws Exception {
        assertEquals(List.of(root.getParent().getParent(), root.getParent()), syncing.synced.subList(0, 2));
        syncing.synced.clear();
        put("commits/1/a", "x", new IfAbsent());
        assertTrue(syncing.synced.containsAll(List.of(root, root.resolve("commits"))), syncing.synced::toString);
        syncing.synced.clear();
        LocalObjectStore second = LocalObjectStore.open(root, InstantSource.system(), syncing);
        assertTrue(
                syncing.synced.containsAll(
                        List.of(root.getParent(), root.getParent().getParent())),
                "an earlier process may have died before it synced the directory's own name");
        second.put("commits/1/b", List.of(bytes("x")), new IfAbsent());
        assertTrue(syncing.synced.contains(root), "an earlier process may have died before it synced them");
    }

    @Test
    void aFileIsSyncedBeforeItHasItsNameAndItsDirectoryAfter() throws Exception {
        put("a/object", "0", new IfAbsent());
        for (PutCondition condition : List.of(new IfAbsent(), new IfVersion(version("a/object")))) {
            String name = condition instanceof IfAbsent ? "a/new" : "a/object";
            Path file = root.resolve(name);
            syncing.synced.clear();
            syncing.watched = file.getParent()::equals;
            syncing.onDirectory = () -> assertEquals("1", Files.readString(file));
            assertEquals(PutOutcome.STORED, put(name, "1", condition));
            assertEquals(2, syncing.synced.size());
            assertTrue(syncing.synced.get(0).startsWith(root.resolve(LocalObjectStore.STAGING)));
            assertEquals(file.getParent(), syncing.synced.get(1));
        }
    }

    @Test
    void aFileThatCouldNotBeSyncedHasNoName() throws Exception {
        syncing.fails = path -> path.startsWith(root.resolve(LocalObjectStore.STAGING));
        assertFails(Kind.UNAVAILABLE, () -> put("a/object", "1", new IfAbsent()));
        assertFalse(Files.exists(root.resolve("a/object")));
        assertEquals(PutOutcome.STORED, put("a/object", "1", new IfAbsent()));
    }

    @Test
    void aNameWhoseSyncFailedIsWrittenAgainBeforeItCounts() throws Exception {
        put("a/object", "0", new IfAbsent());
        String version = version("a/object");
        for (PutCondition condition : List.of(new IfAbsent(), new IfVersion(version))) {
            String name = condition instanceof IfAbsent ? "a/new" : "a/object";
            Path file = root.resolve(name);
            syncing.fails = file.getParent()::equals;
            ObjectStoreException e = assertFails(Kind.UNKNOWN_OUTCOME, () -> put(name, "1", condition));
            assertTrue(e.getMessage().contains("input/output error"), e.getMessage());
            Object doubtful = Files.readAttributes(file, "unix:ino").get("ino");
            syncing.synced.clear();
            syncing.watched = file.getParent()::equals;
            syncing.onDirectory = () -> {
                assertNotEquals(doubtful, Files.readAttributes(file, "unix:ino").get("ino"));
                assertEquals("1", Files.readString(file));
            };
            assertEquals(PutOutcome.REFUSED, put(name, "1", condition));
            assertEquals(
                    2,
                    syncing.synced.stream()
                            .filter(path -> path.startsWith(root.resolve("~staging")))
                            .count());
            assertEquals(file.getParent(), syncing.synced.get(2));
        }
    }

    @Test
    void aNameThatWasChangedBeforeAnotherSyncFailedDoesNotCount() throws Exception {
        put("a/object", "0", new IfAbsent());
        syncing.watched = root.resolve("a")::equals;
        syncing.onDirectory = () -> {
            syncing.fails = root.resolve("a")::equals;
            assertFails(Kind.UNKNOWN_OUTCOME, () -> put("a/2", "2", new IfAbsent()));
        };
        assertFails(Kind.UNKNOWN_OUTCOME, () -> put("a/1", "1", new IfAbsent()));
        assertEquals(PutOutcome.STORED, put("a/3", "3", new IfAbsent()));
    }

    @Test
    void aDirectoryWhoseNameCouldNotBeSyncedIsCreatedAgain() throws Exception {
        syncing.fails = root::equals;
        assertFails(Kind.UNAVAILABLE, () -> put("a/b/object", "1", new IfAbsent()));
        assertFalse(Files.exists(root.resolve("a")));
        assertEquals(PutOutcome.STORED, put("a/b/object", "1", new IfAbsent()));
        assertEquals(
                List.of("a/b/object"),
                store.list("", "", 9).stream().map(object -> object.name()).toList());
    }

    /** A request that is made fails here, because the system cannot do it. */
    @Test
    void theSystemIsAskedToSyncFilesAndDirectories() throws Exception {
        Syncing system = new Syncing() {};
        Path file = Files.createFile(temporary.resolve("file"));
        FileChannel closed = FileChannel.open(file, StandardOpenOption.WRITE);
        closed.close();
        assertThrows(ClosedChannelException.class, () -> system.file(file, closed));
        assertThrows(NoSuchFileException.class, () -> system.directory(temporary.resolve("missing")));
    }

    private PutOutcome put(String name, String body, PutCondition condition) throws ObjectStoreException {
        return store.put(name, List.of(bytes(body)), condition);
    }

    private String version(String name) throws ObjectStoreException {
        return store.get(name, 9).version();
    }

    private interface Request {
        void send() throws Exception;
    }

    private static ObjectStoreException assertFails(Kind kind, Request request) {
        ObjectStoreException e = assertThrows(ObjectStoreException.class, request::send);
        assertEquals(kind, e.kind(), e::getMessage);
        return e;
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }
}
