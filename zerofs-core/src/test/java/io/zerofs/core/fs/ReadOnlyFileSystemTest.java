// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.model.RandomOperations;
import io.zerofs.core.model.TreeComparison;
import io.zerofs.core.random.Seeds;
import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.XattrMode;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.core.waiting.WouldBlockException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Shows fixed states of a volume that another file system changes. */
class ReadOnlyFileSystemTest {
    private static final Credentials ROOT = Credentials.ROOT;
    private static final DataAccess NOW = DataAccess.CHECKED_NOW;

    private final MemoryVolume volume = new MemoryVolume();
    private final ZeroFileSystem writer = CheckedFileSystems.open(volume);

    ReadOnlyFileSystemTest() throws Exception {}

    @AfterEach
    void close() {
        writer.close();
    }

    private static FileName name(String text) throws FsException {
        return FileName.of(text);
    }

    private MemoryVolume state() {
        writer.barrier().join();
        return volume.afterCrash();
    }

    private static ReadOnlyFileSystem reading(MemoryVolume state) throws VolumeException {
        return new ReadOnlyFileSystem(state, FileSystemSettings.DEFAULTS, ReadOnlyFileSystem.Source.FIXED);
    }

    private InodeId file(String name, String text) throws FsException {
        InodeId file = writer.create(ROOT, writer.root(), name(name), NewNode.file(0644))
                .node()
                .id();
        writer.write(ROOT, file, NOW, 0, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        return file;
    }

    private static List<String> names(ReadOnlyFileSystem files) throws FsException {
        List<String> names = new ArrayList<>();
        files.list(ROOT, files.root(), 2, false, entry -> names.add(entry.name().toString()));
        return names;
    }

    private static boolean isClosed(MemoryVolume state) {
        try {
            state.get(new byte[] {1});
            return false;
        } catch (VolumeException e) {
            return true;
        }
    }

    @Test
    void eachStateIsTheTreeOfTheWriter() throws Exception {
        Seeds.run(2, seed -> {
            MemoryVolume its = new MemoryVolume();
            ZeroFileSystem files = CheckedFileSystems.open(its);
            RandomOperations operations = new RandomOperations(seed, files.root(), 5);
            files.barrier().join();
            try (ReadOnlyFileSystem reading = reading(its.afterCrash())) {
                for (int round = 0; round < 10; round++) {
                    for (int step = 0; step < 40; step++) {
                        operations.learn(operations.next().outcome(files));
                    }
                    files.awaitRemovals();
                    files.barrier().join();
                    reading.show(its.afterCrash());
                    TreeComparison.assertSame(files, reading);
                }
            } finally {
                files.close();
            }
        });
    }

    @Test
    void everyChangeIsRefused() throws Exception {
        InodeId id = file("file", "text");
        try (ReadOnlyFileSystem files = reading(state())) {
            InodeId root = files.root();
            List<Executable> changes = List.of(
                    () -> files.setAttributes(ROOT, id, AttributeChange.ofMode(0), NOW),
                    () -> files.write(ROOT, id, NOW, 0, ByteBuffer.allocate(1)),
                    () -> files.deallocate(ROOT, id, NOW, 0, 1),
                    () -> files.create(ROOT, root, name("n"), NewNode.file(0644)),
                    () -> files.createHeld(ROOT, root, name("n"), NewNode.file(0644)),
                    () -> files.link(ROOT, id, root, name("n")),
                    () -> files.remove(ROOT, root, name("file"), RemoveMode.ANY),
                    () -> files.rename(ROOT, root, name("file"), root, name("n")),
                    () -> files.setXattr(ROOT, id, name("user.n"), new byte[0], XattrMode.ANY),
                    () -> files.removeXattr(ROOT, id, name("user.n")));
            for (Executable change : changes) {
                assertEquals(
                        FsError.READ_ONLY,
                        assertThrows(FsException.class, change).error());
            }
            assertTrue(files.isReadOnly());
            assertEquals(AccessMask.READ, files.access(ROOT, id, AccessMask.READ | AccessMask.WRITE));
            assertEquals(writer.getAttributes(id), files.getAttributes(id));
            files.barrier().join();
        }
    }

    @Test
    void anOperationSeesOneStateToItsEndAndTheStateIsClosedThen() throws Exception {
        file("a", "");
        file("b", "");
        MemoryVolume before = state();
        ReadOnlyFileSystem files = reading(before);
        file("c", "");
        writer.remove(ROOT, writer.root(), name("b"), RemoveMode.ANY);
        MemoryVolume after = state();
        List<String> seen = new ArrayList<>();
        files.list(ROOT, files.root(), 2, true, entry -> {
            if (seen.isEmpty()) {
                show(files, after);
            }
            assertFalse(isClosed(before));
            return seen.add(entry.name().toString());
        });
        assertEquals(List.of("a", "b"), seen);
        assertTrue(isClosed(before));
        assertEquals(List.of("a", "c"), names(files));
        files.close();
        assertTrue(isClosed(after));
        assertEquals(
                FsError.IO,
                assertThrows(FsException.class, () -> files.getAttributes(files.root()))
                        .error());
    }

    private static void show(ReadOnlyFileSystem files, MemoryVolume next) {
        try {
            files.show(next);
        } catch (VolumeException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aFileThatTheWriterRemovesIsStaleAlthoughAClientHoldsIt() throws Exception {
        InodeId id = file("file", "text");
        try (ReadOnlyFileSystem files = reading(state());
                FileHold hold = files.hold(id, FileHold.Kind.OPEN)) {
            writer.remove(ROOT, writer.root(), name("file"), RemoveMode.ANY);
            writer.awaitRemovals();
            files.show(state());
            assertEquals(id, hold.inode());
            assertEquals(
                    FsError.STALE,
                    assertThrows(FsException.class, () -> files.getAttributes(id))
                            .error());
            assertThrows(FsException.class, () -> files.hold(id, FileHold.Kind.OPEN));
        }
    }

    @Test
    void dataThatIsGoneIsReadInANewerState() throws Exception {
        InodeId id = file("file", "old");
        FaultyVolume lost = new FaultyVolume(state());
        writer.write(ROOT, id, NOW, 0, ByteBuffer.wrap("new".getBytes(StandardCharsets.UTF_8)));
        MemoryVolume newer = state();
        AtomicReference<ReadOnlyFileSystem> shown = new AtomicReference<>();
        boolean[] found = new boolean[1];
        ReadOnlyFileSystem files = new ReadOnlyFileSystem(lost, FileSystemSettings.DEFAULTS, () -> {
            if (found[0]) {
                show(shown.get(), newer);
            }
        });
        shown.set(files);
        lost.loseData();
        ByteBuffer bytes = ByteBuffer.allocate(10).position(2);
        assertEquals(
                FsError.IO,
                assertThrows(FsException.class, () -> files.read(ROOT, id, NOW, 0, bytes))
                        .error());
        found[0] = true;
        bytes.position(2);
        Throwable[] onLoop = new Throwable[1];
        Thread loop = new Loop(
                () -> onLoop[0] = assertThrows(WouldBlockException.class, () -> files.read(ROOT, id, NOW, 0, bytes)));
        loop.start();
        loop.join();
        assertTrue(onLoop[0] instanceof WouldBlockException);
        bytes.position(2);
        assertEquals(3, files.read(ROOT, id, NOW, 0, bytes).count());
        assertEquals("new", new String(bytes.array(), 2, 3, StandardCharsets.UTF_8));
        files.close();
    }

    private static final class Loop extends Thread implements NonBlockingThread {
        Loop(Runnable work) {
            super(work);
        }
    }

    @Test
    void theSecretIsThatOfTheVolumeOrOneOfItsOwn() throws Exception {
        try (ReadOnlyFileSystem files = reading(state())) {
            byte[] own = files.secret();
            assertArrayEquals(own, files.secret());
            byte[] kept = writer.secret();
            files.show(state());
            assertArrayEquals(kept, files.secret());
        }
    }

    @Test
    void aVolumeWithoutAFileSystemIsRefused() {
        assertEquals(
                VolumeException.Kind.CORRUPT,
                assertThrows(VolumeException.class, () -> reading(new MemoryVolume()))
                        .kind());
    }
}
