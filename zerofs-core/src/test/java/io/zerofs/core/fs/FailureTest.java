// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.format.Keys;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.FsStatistics;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.XattrMode;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.core.waiting.WouldBlockException;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Operations on a volume that refuses them, has damaged records, or would wait. */
final class FailureTest {
    private static final int CHUNK = FileChunks.CHUNK_BYTES;

    private final MemoryVolume memory = new MemoryVolume();
    private final FaultyVolume volume = new FaultyVolume(memory);
    private final ZeroFileSystem files = open(volume);
    private final InodeId top = files.root();
    private InodeId file;

    private static ZeroFileSystem open(FaultyVolume volume) {
        try {
            // The smallest cache, so that most reads go to the volume.
            FileSystemSettings settings = FileSystemSettings.DEFAULTS.withCachedRecords(8);
            return CheckedFileSystems.open(volume, settings, InstantSource.system());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** An operation of the port. */
    private interface Operation {
        Object run() throws FsException;
    }

    private static FileName name(String text) {
        try {
            return FileName.of(text);
        } catch (FsException e) {
            throw new AssertionError(e);
        }
    }

    @BeforeEach
    void createFiles() throws Exception {
        file = create("f", NewNode.file(0644));
        create("d", NewNode.directory(0755));
        files.write(Credentials.ROOT, file, DataAccess.CHECKED_NOW, 0, ByteBuffer.wrap(new byte[3 * CHUNK]));
        files.awaitRemovals();
    }

    /** Handles sealed with a secret would be worthless after a crash that loses it. */
    @Test
    void aSecretThatIsNotDurableYetIsNotGivenOut() throws Exception {
        volume.failBarriersWith(VolumeException.Kind.UNAVAILABLE);
        assertThrows(FsException.class, files::secret);
        assertThrows(FsException.class, files::secret);
        volume.failBarriersWith(null);
        byte[] secret = files.secret();
        volume.failBarriersWith(VolumeException.Kind.UNAVAILABLE);
        assertArrayEquals(secret, files.secret());
        volume.failBarriersWith(null);
    }

    private InodeId create(String name, NewNode node) throws FsException {
        return files.create(Credentials.ROOT, top, name(name), node).node().id();
    }

    @AfterEach
    void nothingIsLeftBehind() throws Exception {
        volume.failWith(null);
        volume.setWaiting(false);
        files.awaitRemovals();
        assertEquals(0, volume.openReservations());
        files.close();
    }

    private Map<String, Operation> changes() {
        Credentials root = Credentials.ROOT;
        ByteBuffer data = ByteBuffer.wrap(new byte[CHUNK + 1]);
        Map<String, Operation> changes = new LinkedHashMap<>();
        changes.put("create", () -> files.create(root, top, name("n"), NewNode.file(0644)));
        changes.put("mkdir", () -> files.create(root, top, name("n"), NewNode.directory(0755)));
        changes.put("link", () -> files.link(root, file, top, name("n")));
        changes.put("unlink", () -> files.remove(root, top, name("f"), RemoveMode.FILE));
        changes.put("rmdir", () -> files.remove(root, top, name("d"), RemoveMode.DIRECTORY));
        changes.put("rename", () -> files.rename(root, top, name("f"), top, name("n")));
        changes.put("write", () -> files.write(root, file, DataAccess.CHECKED_NOW, 5L * CHUNK, data.duplicate()));
        changes.put(
                "truncate", () -> files.setAttributes(root, file, AttributeChange.ofSize(7), DataAccess.CHECKED_NOW));
        changes.put(
                "chmod", () -> files.setAttributes(root, file, AttributeChange.ofMode(0600), DataAccess.CHECKED_NOW));
        changes.put("punch", () -> {
            files.deallocate(root, file, DataAccess.CHECKED_NOW, 0, 2L * CHUNK);
            return null;
        });
        changes.put("setxattr", () -> {
            files.setXattr(root, file, name("user.a"), new byte[10], XattrMode.ANY);
            return null;
        });
        return changes;
    }

    @Test
    void aRefusedChangeChangesNothing() throws Exception {
        Attributes before = files.getAttributes(file);
        Attributes topBefore = files.getAttributes(top);
        FsStatistics statistics = files.statistics();
        for (VolumeException.Kind kind : VolumeException.Kind.values()) {
            FsError expected = switch (kind) {
                case NO_SPACE -> FsError.NO_SPACE;
                case READ_ONLY -> FsError.READ_ONLY;
                case UNAVAILABLE, FENCED, CORRUPT, DISK, CLOSED -> FsError.IO;
            };
            for (var change : changes().entrySet()) {
                volume.failWith(kind);
                FsException failure =
                        assertThrows(FsException.class, () -> change.getValue().run(), change.getKey());
                assertEquals(expected, failure.error(), change.getKey());
                assertInstanceOf(VolumeException.class, failure.getCause());
                volume.failWith(null);
                assertEquals(before, files.getAttributes(file), change.getKey());
                assertEquals(topBefore, files.getAttributes(top), change.getKey());
                assertEquals(statistics, files.statistics(), change.getKey());
            }
        }
    }

    @Test
    void aFailedReadIsAnErrorAndNeverZeros() throws Exception {
        volume.failWith(VolumeException.Kind.CORRUPT);
        ByteBuffer destination = ByteBuffer.allocate(100);
        FsException failure = assertThrows(
                FsException.class, () -> files.read(Credentials.ROOT, file, DataAccess.CHECKED_NOW, 0, destination));
        assertEquals(FsError.IO, failure.error());
        assertEquals(100, destination.limit());
    }

    @Test
    void aFailedBarrierFailsWithAnInputOutputError() {
        volume.failWith(VolumeException.Kind.UNAVAILABLE);
        ExecutionException failure =
                assertThrows(ExecutionException.class, () -> files.barrier().get());
        assertEquals(FsError.IO, ((FsException) failure.getCause()).error());
        volume.failWith(null);
    }

    @Test
    void aDamagedRecordIsAnErrorOnlyForItsOwnFile() throws Exception {
        InodeId damaged = create("damaged", NewNode.file(0644));
        for (int i = 0; i < 200; i++) {
            create("other" + i, NewNode.file(0644)); // Displaces it from the cache.
        }
        byte[] good = memory.get(Keys.inode(damaged.number()));
        put(Keys.inode(damaged.number()), new byte[] {1, 2, 3});
        assertEquals(
                FsError.IO,
                assertThrows(FsException.class, () -> files.getAttributes(damaged))
                        .error());
        assertEquals(
                FsError.IO,
                assertThrows(FsException.class, () -> files.lookup(Credentials.ROOT, top, name("damaged")))
                        .error());
        assertEquals(file, files.lookup(Credentials.ROOT, top, name("f")).id());
        assertFalse(CheckedFileSystems.problems(memory).isEmpty());
        put(Keys.inode(damaged.number()), good);
    }

    @Test
    void anEntryThatLeadsNowhereIsAnError() throws Exception {
        InodeId lost = create("lost", NewNode.file(0644));
        for (int i = 0; i < 200; i++) {
            create("other" + i, NewNode.file(0644));
        }
        byte[] good = memory.get(Keys.inode(lost.number()));
        Batch batch = memory.newBatch();
        batch.delete(Keys.inode(lost.number()));
        memory.apply(batch);
        assertEquals(
                FsError.IO,
                assertThrows(FsException.class, () -> files.lookup(Credentials.ROOT, top, name("lost")))
                        .error());
        assertFalse(CheckedFileSystems.problems(memory).isEmpty());
        put(Keys.inode(lost.number()), good);
    }

    private void put(byte[] key, byte[] value) throws VolumeException {
        Batch batch = memory.newBatch();
        batch.put(key, value);
        memory.apply(batch);
    }

    @Test
    void aVolumeWithoutAFileSystemOfThisProgramIsNotOpened() throws Exception {
        MemoryVolume foreign = new MemoryVolume();
        Batch batch = foreign.newBatch();
        batch.put(Keys.superblock(), new byte[] {99});
        foreign.apply(batch);
        VolumeException refusal = assertThrows(VolumeException.class, () -> CheckedFileSystems.open(foreign));
        assertEquals(VolumeException.Kind.CORRUPT, refusal.kind());
        assertTrue(refusal.getMessage().contains("99"), refusal.getMessage());
    }

    @Test
    void onAThreadThatNeverWaitsAnOperationThatWouldWaitChangesNothing() throws Exception {
        Attributes before = files.getAttributes(file);
        Attributes topBefore = files.getAttributes(top);
        Map<String, Operation> operations = changes();
        ByteBuffer destination = ByteBuffer.allocate(100);
        operations.put("read", () -> files.read(Credentials.ROOT, file, DataAccess.CHECKED_NOW, 0, destination));
        volume.setWaiting(true);
        for (var operation : operations.entrySet()) {
            Throwable thrown = onEventLoop(operation.getValue());
            assertInstanceOf(WouldBlockException.class, thrown, operation.getKey());
        }
        assertEquals(0, destination.position());
        assertEquals(before, files.getAttributes(file));
        assertEquals(topBefore, files.getAttributes(top));
    }

    @Test
    void onAThreadThatNeverWaitsManyStepsAreNotEvenBegun() throws Exception {
        Attributes before = files.getAttributes(file);
        ByteBuffer large = ByteBuffer.allocate(8 * 1024 * 1024);
        Operation write = () -> files.write(Credentials.ROOT, file, DataAccess.CHECKED_NOW, 0, large);
        assertInstanceOf(WouldBlockException.class, onEventLoop(write));
        Operation punch = () -> {
            files.deallocate(Credentials.ROOT, file, DataAccess.CHECKED_NOW, 0, -1);
            return null;
        };
        assertInstanceOf(WouldBlockException.class, onEventLoop(punch));
        assertEquals(before, files.getAttributes(file));
        assertEquals(0, large.position());
    }

    @Test
    void onAThreadThatNeverWaitsNoLongWayIsWalked() throws Exception {
        InodeId deep = top;
        for (int i = 0; i < 100; i++) {
            deep = files.create(Credentials.ROOT, deep, FileName.of("deeper"), NewNode.directory(0755))
                    .node()
                    .id();
        }
        InodeId deepest = deep;
        FileName moved = FileName.of("to-be-moved");
        files.create(Credentials.ROOT, top, moved, NewNode.directory(0755));
        Operation move = () -> files.rename(Credentials.ROOT, top, moved, deepest, moved);
        assertInstanceOf(WouldBlockException.class, onEventLoop(move));
        move.run();
        assertNull(onEventLoop(() -> files.rename(Credentials.ROOT, deepest, moved, top, moved)));
        for (int i = 0; i < 100; i++) {
            FileName name = FileName.of("user.attribute" + i);
            files.setXattr(Credentials.ROOT, deepest, name, new byte[10], XattrMode.ANY);
        }
        Operation list = () -> files.listXattrs(Credentials.ROOT, deepest);
        assertInstanceOf(WouldBlockException.class, onEventLoop(list));
    }

    @Test
    void onAThreadThatNeverWaitsMemoryAnswersOperations() throws Exception {
        for (var change : changes().entrySet()) {
            if (!change.getKey().equals("unlink")) {
                Throwable thrown = onEventLoop(change.getValue());
                boolean expected = thrown == null || thrown instanceof FsException;
                assertTrue(expected, () -> change.getKey() + ": " + thrown);
            }
        }
    }

    /** Another client may find and change a new inode before its creator continues. */
    @Test
    void theCreatorOfAnInodeKeepsTheChangesOfOthers() throws Exception {
        Credentials root = Credentials.ROOT;
        AtomicReference<FsException> refused = new AtomicReference<>();
        volume.afterNextApply(() -> {
            try {
                InodeId found = files.lookup(root, top, name("new")).id();
                files.write(root, found, DataAccess.CHECKED_NOW, 0, ByteBuffer.wrap(new byte[2 * CHUNK]));
                files.setXattr(root, found, name("user.a"), new byte[10], XattrMode.ANY);
            } catch (FsException e) {
                refused.set(e);
            }
        });
        InodeId created = create("new", NewNode.file(0644));
        assertNull(refused.get());
        assertEquals(2L * CHUNK, files.getAttributes(created).size());
        files.write(root, created, DataAccess.CHECKED_NOW, 0, ByteBuffer.wrap(new byte[1]));
        assertEquals(2L * CHUNK, files.getAttributes(created).size());
    }

    @Test
    void entriesThatOthersAddToANewDirectoryStay() throws Exception {
        MemoryVolume other = new MemoryVolume();
        FaultyVolume hooked = new FaultyVolume(other);
        ZeroFileSystem cached = CheckedFileSystems.open(hooked);
        Credentials root = Credentials.ROOT;
        AtomicReference<FsException> refused = new AtomicReference<>();
        hooked.afterNextApply(() -> {
            try {
                InodeId found = cached.lookup(root, cached.root(), name("new")).id();
                cached.create(root, found, name("a"), NewNode.file(0644));
            } catch (FsException e) {
                refused.set(e);
            }
        });
        InodeId created = cached.create(root, cached.root(), name("new"), NewNode.directory(0755))
                .node()
                .id();
        cached.create(root, created, name("b"), NewNode.file(0644));
        assertNull(refused.get());
        cached.close();
    }

    /** Each move is right on its own. Both together would make a directory its own ancestor. */
    @Test
    void moveThatAnotherMoveOvertookSearchesTheAncestorsAgain() throws Exception {
        FaultyVolume hooked = new FaultyVolume(new MemoryVolume());
        FileSystemSettings settings = FileSystemSettings.DEFAULTS.withCachedRecords(8);
        ZeroFileSystem forgetful = CheckedFileSystems.open(hooked, settings, InstantSource.system());
        Credentials root = Credentials.ROOT;
        FileName moved = name("moved");
        InodeId target = forgetful
                .create(root, forgetful.root(), moved, NewNode.directory(0755))
                .node()
                .id();
        List<InodeId> way = new ArrayList<>(List.of(forgetful.root()));
        for (int i = 0; i < 40; i++) {
            way.add(forgetful
                    .create(root, way.get(i), name("deeper"), NewNode.directory(0755))
                    .node()
                    .id());
        }
        AtomicReference<FsException> refused = new AtomicReference<>();
        hooked.beforeNextGet(Keys.inode(way.get(1).number()), () -> {
            try {
                forgetful.rename(root, way.get(20), name("deeper"), target, name("deeper"));
            } catch (FsException e) {
                refused.set(e);
            }
        });
        FsException e = assertThrows(
                FsException.class, () -> forgetful.rename(root, forgetful.root(), moved, way.get(40), moved));
        assertEquals(FsError.INVALID, e.error());
        assertNull(refused.get());
        forgetful.close();
    }

    @Test
    void refusedChangesReturnTheirRoomToTheQuota() throws Exception {
        FaultyVolume refusing = new FaultyVolume(new MemoryVolume());
        FileSystemSettings settings = FileSystemSettings.DEFAULTS.withQuotaBytes(4L * CHUNK);
        ZeroFileSystem limited = CheckedFileSystems.open(refusing, settings, InstantSource.system());
        InodeId filled = limited.create(Credentials.ROOT, limited.root(), name("f"), NewNode.file(0644))
                .node()
                .id();
        Operation write = () ->
                limited.write(Credentials.ROOT, filled, DataAccess.CHECKED_NOW, 0, ByteBuffer.wrap(new byte[CHUNK]));
        for (int i = 0; i < 10; i++) {
            refusing.failWith(VolumeException.Kind.UNAVAILABLE);
            assertThrows(FsException.class, write::run);
            refusing.failWith(null);
        }
        write.run();
        limited.close();
    }

    private static Throwable onEventLoop(Operation operation) throws InterruptedException {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread loop = new EventLoop(() -> {
            try {
                operation.run();
            } catch (FsException | RuntimeException e) {
                thrown.set(e);
            }
        });
        loop.start();
        loop.join();
        return thrown.get();
    }

    /** A thread that never waits. */
    private static final class EventLoop extends Thread implements NonBlockingThread {
        EventLoop(Runnable body) {
            super(body);
        }
    }
}
