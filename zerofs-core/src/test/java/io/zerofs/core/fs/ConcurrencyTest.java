// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.HeldCreation;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.ReadResult;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.volume.MemoryVolume;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Many threads at once: no deadlock, no error that a lone thread would not see, and a consistent volume afterwards. */
class ConcurrencyTest {
    private static final int CHUNK = FileChunks.CHUNK_BYTES;
    private static final int THREADS = 4;
    private static final int ROUNDS = 2000;

    private final MemoryVolume volume = new MemoryVolume();
    private final ZeroFileSystem files = open();

    /** How many records are kept decoded. */
    protected int cachedRecords() {
        return FileSystemSettings.DEFAULTS.cachedRecords();
    }

    private ZeroFileSystem open() {
        try {
            FileSystemSettings settings =
                    FileSystemSettings.DEFAULTS.withBackgroundBatchChunks(3).withCachedRecords(cachedRecords());
            return CheckedFileSystems.open(volume, settings, InstantSource.system());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void close() throws Exception {
        files.awaitRemovals();
        files.close();
    }

    @Test
    void directoriesMovedAboutByManyNeverFormACycle() throws Exception {
        List<InodeId> directories = new ArrayList<>(List.of(files.root()));
        for (int i = 0; i < 8; i++) {
            directories.add(create(directories.get(i / 2), "d" + i, NewNode.directory(0755)));
        }
        int subdirectories = 8;
        concurrently((thread, random) -> {
            for (int i = 0; i < ROUNDS; i++) {
                InodeId from = directories.get(random.nextInt(directories.size()));
                InodeId to = directories.get(random.nextInt(directories.size()));
                FileName name = FileName.of("d" + random.nextInt(subdirectories));
                FileName target = random.nextInt(4) == 0 ? FileName.of("d" + random.nextInt(subdirectories)) : name;
                expecting(() -> files.rename(Credentials.ROOT, from, name, to, target));
            }
        });
    }

    @Test
    void namesMadeAndTakenByManyAgreeWithLinkCounts() throws Exception {
        InodeId[] directories = {
            create(files.root(), "a", NewNode.directory(0755)), create(files.root(), "b", NewNode.directory(0755))
        };
        concurrently((thread, random) -> {
            for (int i = 0; i < ROUNDS; i++) {
                InodeId directory = directories[random.nextInt(2)];
                InodeId other = directories[random.nextInt(2)];
                FileName name = FileName.of("f" + random.nextInt(6));
                FileName otherName = FileName.of("f" + random.nextInt(6));
                switch (random.nextInt(6)) {
                    case 0 -> expecting(() -> files.create(Credentials.ROOT, directory, name, NewNode.file(0644)));
                    case 1 -> expecting(() -> files.remove(Credentials.ROOT, directory, name, RemoveMode.ANY));
                    case 2 -> expecting(() -> files.create(Credentials.ROOT, directory, name, NewNode.directory(0755)));
                    case 3 -> expecting(() -> files.rename(Credentials.ROOT, directory, name, other, otherName));
                    case 4 ->
                        expecting(() -> {
                            InodeId id = files.lookup(Credentials.ROOT, directory, name)
                                    .id();
                            files.link(Credentials.ROOT, id, other, otherName);
                        });
                    default ->
                        expecting(() -> {
                            InodeId id = files.lookup(Credentials.ROOT, directory, name)
                                    .id();
                            try (FileHold hold = files.hold(id, FileHold.Kind.OPEN)) {
                                files.remove(Credentials.ROOT, directory, name, RemoveMode.ANY);
                                files.getAttributes(id);
                            }
                        });
                }
            }
        });
    }

    @Test
    void aFileThatIsCreatedHeldStaysWhileOthersRemoveItsName() throws Exception {
        FileName name = FileName.of("f");
        NewNode node = new NewNode(
                FileKind.REGULAR, AttributeChange.ofMode(0644), DeviceNumber.NONE, null, NewNode.Existing.OPEN, 0);
        AtomicInteger names = new AtomicInteger();
        Attempt removal = () -> {
            files.remove(Credentials.ROOT, files.root(), name, RemoveMode.ANY);
            names.decrementAndGet();
        };
        concurrently((thread, random) -> {
            for (int i = 0; i < ROUNDS; i++) {
                if (thread % 2 == 0) {
                    expecting(removal);
                } else {
                    HeldCreation held = files.createHeld(Credentials.ROOT, files.root(), name, node);
                    names.addAndGet(held.creation().created() ? 1 : 0);
                    try (FileHold hold = held.hold()) {
                        files.getAttributes(hold.inode());
                    }
                }
            }
        });
        expecting(removal);
        assertEquals(0, names.get(), "each file that was created was removed once");
    }

    @Test
    void writersOfOneFileNeverSeeTheirPiecesTorn() throws Exception {
        InodeId file = create(files.root(), "f", NewNode.file(0644));
        concurrently((thread, random) -> {
            byte[] data = new byte[5000];
            for (int i = 0; i < ROUNDS / 4; i++) {
                Arrays.fill(data, (byte) (1 + thread));
                long offset = (long) random.nextInt(4) * 5000;
                write(file, offset, data);
                ByteBuffer read = ByteBuffer.allocate(5000);
                files.read(Credentials.ROOT, file, DataAccess.CHECKED_NOW, offset, read);
                for (byte each : read.array()) {
                    assertEquals(read.get(0), each);
                }
            }
        });
    }

    @Test
    void writersAndTruncatorsOfOneFileLeaveZerosBeyondEachCut() throws Exception {
        InodeId file = create(files.root(), "f", NewNode.file(0644));
        concurrently((thread, random) -> {
            byte[] data = new byte[CHUNK + 100];
            Arrays.fill(data, (byte) 7);
            for (int i = 0; i < ROUNDS / 10; i++) {
                long offset = (long) random.nextInt(12) * CHUNK + random.nextInt(100);
                switch (random.nextInt(4)) {
                    case 0 -> resize(file, random.nextInt(4) == 0 ? 0 : offset);
                    case 1 -> write(file, offset, data);
                    case 2 -> files.deallocate(Credentials.ROOT, file, DataAccess.CHECKED_NOW, offset, 3L * CHUNK);
                    default -> readOnlySevensAndZeros(file, offset);
                }
            }
        });
        resize(file, 0);
        resize(file, 20L * CHUNK);
        ByteBuffer all = ByteBuffer.allocate(20 * CHUNK);
        files.read(Credentials.ROOT, file, DataAccess.CHECKED_NOW, 0, all);
        assertTrue(Arrays.equals(all.array(), new byte[20 * CHUNK]));
    }

    private void readOnlySevensAndZeros(InodeId file, long offset) throws FsException {
        ByteBuffer read = ByteBuffer.allocate(2 * CHUNK);
        ReadResult result = files.read(Credentials.ROOT, file, DataAccess.CHECKED_NOW, offset, read);
        for (int i = 0; i < result.count(); i++) {
            byte each = read.get(i);
            assertTrue(each == 0 || each == 7);
        }
    }

    @Test
    void concurrentWritersStayWithinTheQuota() throws Exception {
        MemoryVolume small = new MemoryVolume();
        long quota = 10L * CHUNK;
        FileSystemSettings settings = FileSystemSettings.DEFAULTS.withQuotaBytes(quota);
        try (ZeroFileSystem limited = CheckedFileSystems.open(small, settings, InstantSource.system())) {
            concurrently((thread, random) -> {
                InodeId file = limited.create(
                                Credentials.ROOT, limited.root(), FileName.of("q" + thread), NewNode.file(0644))
                        .node()
                        .id();
                for (int i = 0; i < 300; i++) {
                    ByteBuffer data = ByteBuffer.allocate(CHUNK);
                    long offset = (long) random.nextInt(8) * CHUNK;
                    AttributeChange cut = AttributeChange.ofSize(offset);
                    try {
                        if (random.nextInt(3) == 0) {
                            limited.setAttributes(Credentials.ROOT, file, cut, DataAccess.CHECKED_NOW);
                        } else {
                            limited.write(Credentials.ROOT, file, DataAccess.CHECKED_NOW, offset, data);
                        }
                    } catch (FsException e) {
                        assertEquals(FsError.NO_SPACE, e.error());
                    }
                    assertTrue(limited.statistics().bytesUsed() <= quota);
                }
            });
        }
    }

    private InodeId create(InodeId directory, String name, NewNode node) throws FsException {
        return files.create(Credentials.ROOT, directory, FileName.of(name), node)
                .node()
                .id();
    }

    private void write(InodeId file, long offset, byte[] data) throws FsException {
        files.write(Credentials.ROOT, file, DataAccess.CHECKED_NOW, offset, ByteBuffer.wrap(data));
    }

    private void resize(InodeId file, long size) throws FsException {
        files.setAttributes(Credentials.ROOT, file, AttributeChange.ofSize(size), DataAccess.CHECKED_NOW);
    }

    /** An operation that may be refused, but not with an I/O error. */
    private interface Attempt {
        void run() throws FsException;
    }

    private static void expecting(Attempt attempt) {
        try {
            attempt.run();
        } catch (FsException e) {
            assertTrue(e.error() != FsError.IO, e.getMessage());
        }
    }

    /** The actions of one thread. */
    private interface Part {
        void run(int thread, SplittableRandom random) throws Exception;
    }

    private static void concurrently(Part part) throws Exception {
        Seeds.run(seed -> {
            AtomicReference<Throwable> failure = new AtomicReference<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int number = i;
                Thread thread = new Thread(() -> {
                    try {
                        part.run(number, new SplittableRandom(seed + number));
                    } catch (Throwable e) {
                        failure.compareAndSet(null, e);
                    }
                });
                thread.setDaemon(true);
                thread.start();
                threads.add(thread);
            }
            for (Thread thread : threads) {
                thread.join(TimeUnit.MINUTES.toMillis(2));
                assertTrue(!thread.isAlive(), () -> "stuck: " + Arrays.toString(thread.getStackTrace()));
            }
            if (failure.get() != null) {
                throw new AssertionError(failure.get());
            }
        });
    }
}
