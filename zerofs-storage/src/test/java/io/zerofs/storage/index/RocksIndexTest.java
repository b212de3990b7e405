// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.files.Directories;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.core.waiting.WouldBlockException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RocksIndexTest {
    private static final Path NATIVE = Path.of("target", "native");
    private static final RocksTuning TUNING = new RocksTuning(8 << 20, 1 << 20, 4, 1);

    @TempDir
    Path directory;

    private RocksIndex index;

    static void loadLibrary() throws IOException {
        NativeLibrary.load(NATIVE);
    }

    @BeforeEach
    void open() throws Exception {
        index = RocksIndex.open(directory.resolve("db"), NATIVE, TUNING);
    }

    @AfterEach
    void close() {
        index.close();
    }

    private void put(int key, int valueBytes) throws VolumeException {
        RecordBatch batch = new RecordBatch();
        batch.put(new byte[] {(byte) (key >> 16), (byte) (key >> 8), (byte) key}, new byte[valueBytes]);
        index.write(batch.toBytes());
    }

    private static KeyRange all() {
        return new KeyRange(new byte[] {0}, new byte[] {(byte) 0xff});
    }

    @Test
    void theLibraryIsUnpackedOnceToItsPlace() throws Exception {
        Path fresh = directory.resolve("native");
        NativeLibrary.load(fresh);
        Path library = onlyFile(fresh);
        Object first = Files.readAttributes(library, "unix:ino").get("ino");
        NativeLibrary.load(fresh);
        assertEquals(first, Files.readAttributes(onlyFile(fresh), "unix:ino").get("ino"));
        Files.write(library, new byte[1000]);
        NativeLibrary.load(fresh);
        assertTrue(Files.size(onlyFile(fresh)) > 1 << 20, "a damaged library is replaced");
    }

    private static Path onlyFile(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> all = files.toList();
            assertEquals(1, all.size(), all::toString);
            return all.get(0);
        }
    }

    @Test
    void aCheckpointHasEarlierWritesAndOpens() throws Exception {
        put(1, 100);
        index.checkpoint(directory.resolve("copy"));
        put(2, 100);
        try (RocksIndex copy = RocksIndex.open(directory.resolve("copy"), NATIVE, TUNING)) {
            assertEquals(100, copy.get(new byte[] {0, 0, 1}).length);
            assertNull(copy.get(new byte[] {0, 0, 2}));
        }
    }

    @Test
    void aThreadThatNeverWaitsGetsWouldBlockInsteadOfReadingTheDisk() throws Exception {
        byte[] middle = {0, 3, (byte) 232};
        for (int i = 0; i < 2000; i++) {
            put(i, 100);
        }
        onALoop(() -> assertEquals(100, index.get(middle).length));
        index.checkpoint(directory.resolve("copy")); // Which brings them from memory to the disk.
        onALoop(() -> assertThrows(WouldBlockException.class, () -> index.get(middle)));
        onALoop(() -> {
            try (Cursor cursor = index.scan(all(), false)) {
                assertThrows(WouldBlockException.class, cursor::next);
            }
        });
        onALoop(() -> assertEquals(100, index.getNow(middle).length));
        onALoop(() -> assertEquals(100, index.get(middle).length));
        try (Cursor cursor = index.scan(all(), true)) {
            while (cursor.next()) {
                assertEquals(100, cursor.value().length);
            }
        }
        onALoop(() -> {
            try (Cursor cursor = index.scan(all(), true)) {
                assertTrue(cursor.next());
            }
        });
    }

    /** An action on an event loop. */
    private interface Step {
        void run() throws Exception;
    }

    private static void onALoop(Step step) throws Exception {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread loop = new EventLoop(() -> {
            try {
                step.run();
            } catch (Throwable e) {
                failure.set(e);
            }
        });
        loop.start();
        loop.join();
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
    }

    private static final class EventLoop extends Thread implements NonBlockingThread {
        EventLoop(Runnable work) {
            super(work);
        }
    }

    @Test
    void aDamagedTableIsFoundByItsChecksums() throws Exception {
        for (int i = 0; i < 2000; i++) {
            put(i, 100);
        }
        index.checkpoint(directory.resolve("copy"));
        Path table;
        try (Stream<Path> files = Files.list(directory.resolve("copy"))) {
            table = files.filter(file -> file.toString().endsWith(".sst"))
                    .findFirst()
                    .orElseThrow();
        }
        RocksIndex.verifyTable(table);
        byte[] bytes = Files.readAllBytes(table);
        bytes[50] ^= 4;
        Path damaged = directory.resolve("damaged.sst");
        Files.write(damaged, bytes);
        VolumeException failure = assertThrows(VolumeException.class, () -> RocksIndex.verifyTable(damaged));
        assertEquals(VolumeException.Kind.CORRUPT, failure.kind());
        assertTrue(failure.getMessage().contains("damaged.sst"));
    }

    @Test
    void closingEndsOpenCursorsAndRefusesLaterCalls() throws Exception {
        put(1, 1);
        Cursor cursor = index.scan(all(), false);
        assertTrue(cursor.next());
        index.close();
        index.close();
        assertEquals(
                VolumeException.Kind.CLOSED,
                assertThrows(VolumeException.class, cursor::next).kind());
        cursor.close();
        assertEquals(
                VolumeException.Kind.CLOSED,
                assertThrows(VolumeException.class, () -> index.get(new byte[1]))
                        .kind());
        assertEquals(
                VolumeException.Kind.CLOSED,
                assertThrows(VolumeException.class, () -> put(2, 2)).kind());
    }

    @Test
    void callsThatAreUnderWayWhileItIsClosedEndInOrder() throws Exception {
        AtomicReference<Throwable> unexpected = new AtomicReference<>();
        Thread[] users = new Thread[4];
        for (int i = 0; i < users.length; i++) {
            int number = i;
            users[i] = new Thread(() -> {
                try {
                    for (int step = 0; ; step++) {
                        put(number << 8 | step & 0xFF, 100);
                        try (Cursor cursor = index.scan(all(), step % 2 == 0)) {
                            cursor.next();
                        }
                    }
                } catch (VolumeException e) {
                    if (e.kind() != VolumeException.Kind.CLOSED) {
                        unexpected.set(e);
                    }
                } catch (Throwable e) {
                    unexpected.set(e);
                }
            });
            users[i].start();
        }
        while (index.property("rocksdb.estimate-num-keys") < 1000) {
            Thread.onSpinWait();
        }
        index.close();
        for (Thread user : users) {
            user.join();
        }
        assertNull(unexpected.get(), () -> "" + unexpected.get());
    }

    @Test
    void scansGoBothWaysWithinTheirBounds() throws Exception {
        for (int i = 0; i < 10; i++) {
            put(i, i);
        }
        KeyRange middle = new KeyRange(new byte[] {0, 0, 3}, new byte[] {0, 0, 6});
        try (Cursor up = index.scan(middle, false);
                Cursor down = index.scan(middle, true)) {
            for (int i = 0; i < 3; i++) {
                assertTrue(up.next() && down.next());
                assertArrayEquals(new byte[] {0, 0, (byte) (3 + i)}, up.key());
                assertArrayEquals(new byte[] {0, 0, (byte) (5 - i)}, down.key());
                assertEquals(5 - i, down.value().length);
            }
            assertFalse(up.next() || down.next());
        }
    }

    /**
     * Under the gate RocksDB must never make a writer sleep. It refuses batches that it cannot take, and reserve waits.
     */
    @Test
    void aFloodOfWritesIsTakenOrRefusedButNeverDelayed() throws Exception {
        int refused = 0;
        for (int i = 0; i < 200; i++) {
            while (index.writeBuffersFree() == 0) {
                Thread.onSpinWait();
            }
            try {
                put(i, 500_000);
            } catch (VolumeException e) {
                assertEquals(VolumeException.Kind.NO_SPACE, e.kind());
                refused++;
            }
        }
        assertEquals(0, refused);
    }

    @Test
    void aDirectoryThatIsNoDatabaseIsAnErrorThatNamesIt() throws Exception {
        Path damaged = directory.resolve("damaged");
        index.checkpoint(damaged);
        Files.writeString(damaged.resolve("CURRENT"), "nonsense");
        VolumeException failure = assertThrows(VolumeException.class, () -> RocksIndex.open(damaged, NATIVE, TUNING));
        assertEquals(VolumeException.Kind.CORRUPT, failure.kind());
        assertTrue(failure.getMessage().contains(damaged.toString()));
    }

    @Test
    void aDirectoryThatIsGoneIsAFailureOfTheDisk() throws Exception {
        Directories.delete(directory.resolve("db"));
        VolumeException.Kind failure = VolumeException.Kind.NO_SPACE;
        // Refused at first, as long as it is not known what becomes of the memtables that are full.
        for (int i = 0; failure == VolumeException.Kind.NO_SPACE; i++) {
            try {
                put(i % 1000, 100_000);
            } catch (VolumeException e) {
                failure = e.kind();
            }
        }
        assertEquals(VolumeException.Kind.DISK, failure);
    }

    @Test
    void errorsOfADeviceAreNotDamage() throws Exception {
        put(1, 100);
        VolumeException notADirectory = assertThrows(
                VolumeException.class,
                () -> index.checkpoint(Path.of("/proc/version").resolve("copy")));
        assertEquals(VolumeException.Kind.DISK, notADirectory.kind(), notADirectory.getMessage());
        VolumeException notAFile = assertThrows(VolumeException.class, () -> RocksIndex.verifyTable(directory));
        assertEquals(VolumeException.Kind.DISK, notAFile.kind(), notAFile.getMessage());
    }
}
