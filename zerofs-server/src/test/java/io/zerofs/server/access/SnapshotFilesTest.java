// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.fs.FileSystemSettings;
import io.zerofs.core.fs.ReadOnlyFileSystem;
import io.zerofs.core.fs.ZeroFileSystem;
import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DirectoryEntry;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.core.volume.VolumeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Snapshots are below {@code /.snapshots}, and nothing changes them. */
class SnapshotFilesTest {
    private static final Credentials ROOT = Credentials.ROOT;
    private static final DataAccess NOW = DataAccess.CHECKED_NOW;

    /** Above the versions that fit the upper bits of an inode number. */
    private static final long FIRST_TREE = 40_000;

    private final MemoryVolume volume = new MemoryVolume();
    private final ZeroFileSystem live = CheckedFileSystems.open(volume);
    private final Taken source = new Taken();
    private final OpenSnapshots open = new OpenSnapshots(source);
    private final SnapshotFiles files = new SnapshotFiles(live, open);

    SnapshotFilesTest() throws Exception {}

    @AfterEach
    void close() {
        open.close();
        assertEquals(0, source.open);
        live.close();
    }

    /** Snapshots in memory. */
    private final class Taken implements OpenSnapshots.Source {
        final List<OpenSnapshots.Named> named = new ArrayList<>();
        final Map<Long, MemoryVolume> states = new HashMap<>();
        int open;
        int openings;

        @Override
        public List<OpenSnapshots.Named> list() {
            return List.copyOf(named);
        }

        @Override
        public OpenSnapshots.Opened open(OpenSnapshots.Named snapshot) throws FsException {
            open++;
            openings++;
            try {
                ReadOnlyFileSystem shown = new ReadOnlyFileSystem(
                        states.get(snapshot.tree()).afterCrash(),
                        FileSystemSettings.DEFAULTS,
                        ReadOnlyFileSystem.Source.FIXED);
                return new OpenSnapshots.Opened() {
                    @Override
                    public VirtualFileSystem files() {
                        return shown;
                    }

                    @Override
                    public void close() {
                        open--;
                        shown.close();
                    }
                };
            } catch (VolumeException e) {
                throw FsError.IO.exception(e.getMessage(), e);
            }
        }
    }

    private void take(String name) throws FsException {
        live.barrier().join();
        long tree = FIRST_TREE + source.named.size();
        source.states.put(tree, volume.afterCrash());
        source.named.add(new OpenSnapshots.Named(name(name), tree, new Timestamp(tree, 0)));
    }

    private static FileName name(String text) throws FsException {
        return FileName.of(text);
    }

    private InodeId write(String name, String text) throws FsException {
        InodeId file;
        try {
            file = live.lookup(ROOT, live.root(), name(name)).id();
        } catch (FsException e) {
            file = live.create(ROOT, live.root(), name(name), NewNode.file(0644))
                    .node()
                    .id();
        }
        live.write(ROOT, file, NOW, 0, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        return file;
    }

    private Attributes at(String... path) throws FsException {
        Attributes found = files.getAttributes(files.root());
        for (String each : path) {
            found = files.lookup(ROOT, found.id(), name(each));
        }
        return found;
    }

    private String read(InodeId file) throws FsException {
        ByteBuffer bytes = ByteBuffer.allocate(100);
        files.read(ROOT, file, NOW, 0, bytes);
        return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
    }

    private List<DirectoryEntry> list(InodeId directory) throws FsException {
        List<DirectoryEntry> entries = new ArrayList<>();
        files.list(ROOT, directory, 0, true, entries::add);
        return entries;
    }

    private static List<String> names(List<DirectoryEntry> entries) {
        return entries.stream().map(entry -> entry.name().toString()).toList();
    }

    private static void assertFails(FsError expected, Executable operation) {
        assertEquals(expected, assertThrows(FsException.class, operation).error());
    }

    @Test
    void aFileIsReadAsItWasInEachSnapshot() throws Exception {
        InodeId file = write("file", "one");
        take("first");
        write("file", "two");
        take("second");
        live.remove(ROOT, live.root(), name("file"), RemoveMode.ANY);
        Attributes first = at(".snapshots", "first", "file");
        Attributes second = at(".snapshots", "second", "file");
        assertEquals("one", read(first.id()));
        assertEquals("two", read(second.id()));
        assertEquals(first, files.getAttributes(first.id()));
        assertEquals(
                first,
                files.read(ROOT, first.id(), NOW, 0, ByteBuffer.allocate(1)).attributes());
        assertNotEquals(first.id().number(), second.id().number());
        assertNotEquals(file.number(), first.id().number());
        assertEquals(
                4,
                List.of(
                                SnapshotFiles.treeOf(file),
                                SnapshotFiles.treeOf(at(".snapshots").id()),
                                SnapshotFiles.treeOf(first.id()),
                                SnapshotFiles.treeOf(second.id()))
                        .stream()
                        .distinct()
                        .count());
        assertEquals(0, SnapshotFiles.treeOf(file));
    }

    @Test
    void theDirectoryIsHiddenAndListsSnapshotsWithoutOpeningThem() throws Exception {
        write("file", "one");
        take("first");
        take("second");
        assertEquals(List.of(".", "..", "file"), names(list(files.root())));
        Attributes directory = at(".snapshots");
        assertEquals(FileKind.DIRECTORY, directory.kind());
        List<DirectoryEntry> entries = list(directory.id());
        assertEquals(List.of(".", "..", "first", "second"), names(entries));
        assertEquals(files.root().number(), entries.get(1).inode());
        assertEquals(0, source.openings);
        Attributes first = at(".snapshots", "first");
        assertEquals(entries.get(2).attributes().id(), first.id());
        assertEquals(entries.get(2).inode(), first.id().number());
        List<DirectoryEntry> rest = new ArrayList<>();
        files.list(ROOT, directory.id(), entries.get(2).cookie(), false, rest::add);
        assertEquals(List.of("second"), names(rest));
        assertFails(FsError.NOT_FOUND, () -> at(".snapshots", "third"));
    }

    @Test
    void aSnapshotIsATreeWithTheDirectoryAboveIt() throws Exception {
        InodeId sub = live.create(ROOT, live.root(), name("sub"), NewNode.directory(0755))
                .node()
                .id();
        live.create(ROOT, sub, name("link"), NewNode.symlink("target".getBytes(StandardCharsets.UTF_8)));
        take("first");
        Attributes top = at(".snapshots", "first");
        assertEquals(
                at(".snapshots").id(),
                files.lookup(ROOT, top.id(), FileName.DOT_DOT).id());
        assertEquals(at(".snapshots").id().number(), list(top.id()).get(1).inode());
        assertEquals(
                live.root(),
                files.lookup(ROOT, at(".snapshots").id(), FileName.DOT_DOT).id());
        Attributes inSub = at(".snapshots", "first", "sub");
        assertEquals(top.id(), files.lookup(ROOT, inSub.id(), FileName.DOT_DOT).id());
        List<DirectoryEntry> entries = list(inSub.id());
        assertEquals(List.of(".", "..", "link"), names(entries));
        assertEquals(top.id().number(), entries.get(1).inode());
        assertEquals(
                "target", new String(files.readLink(entries.get(2).attributes().id()), StandardCharsets.UTF_8));
        assertEquals(inSub.id(), entries.get(0).attributes().id());
    }

    @Test
    void nothingInItChanges() throws Exception {
        InodeId file = write("file", "one");
        take("first");
        InodeId directory = at(".snapshots").id();
        InodeId top = at(".snapshots", "first").id();
        InodeId old = at(".snapshots", "first", "file").id();
        InodeId root = files.root();
        List<Executable> changes = List.of(
                () -> files.write(ROOT, old, NOW, 0, ByteBuffer.allocate(1)),
                () -> files.setAttributes(ROOT, old, AttributeChange.ofMode(0), NOW),
                () -> files.setAttributes(ROOT, directory, AttributeChange.ofMode(0), NOW),
                () -> files.create(ROOT, top, name("n"), NewNode.file(0644)),
                () -> files.create(ROOT, directory, name("n"), NewNode.directory(0755)),
                () -> files.remove(ROOT, top, name("file"), RemoveMode.ANY),
                () -> files.remove(ROOT, directory, name("first"), RemoveMode.ANY),
                () -> files.remove(ROOT, root, name(".snapshots"), RemoveMode.ANY),
                () -> files.rename(ROOT, top, name("file"), root, name("n")),
                () -> files.rename(ROOT, root, name("file"), top, name("n")),
                () -> files.rename(ROOT, root, name(".snapshots"), root, name("n")),
                () -> files.link(ROOT, file, top, name("n")));
        for (Executable change : changes) {
            assertFails(FsError.READ_ONLY, change);
        }
        assertFails(FsError.CROSS_DEVICE, () -> files.link(ROOT, old, root, name("n")));
        assertFails(FsError.EXISTS, () -> files.create(ROOT, root, name(".snapshots"), NewNode.directory(0755)));
        assertFails(FsError.EXISTS, () -> files.link(ROOT, file, root, name(".snapshots")));
        assertEquals(AccessMask.READ, files.access(ROOT, old, AccessMask.READ | AccessMask.WRITE));
        assertEquals(
                AccessMask.READ | AccessMask.EXECUTE,
                files.access(ROOT, directory, AccessMask.READ | AccessMask.WRITE | AccessMask.EXECUTE));
        assertEquals("one", read(old));
        files.write(ROOT, file, NOW, 0, ByteBuffer.wrap(new byte[] {'x'}));
    }

    @Test
    void aHandleIsValidAfterARestartAndStaleAfterTheDeletionOfItsSnapshot() throws Exception {
        write("file", "one");
        take("first");
        InodeId old = at(".snapshots", "first", "file").id();
        try (OpenSnapshots later = new OpenSnapshots(source)) {
            SnapshotFiles again = new SnapshotFiles(live, later);
            assertEquals(old, again.getAttributes(old).id());
        }
        FileHold hold = files.hold(old, FileHold.Kind.OPEN);
        assertEquals(old, hold.inode());
        hold.close();
        assertFails(FsError.STALE, () -> files.getAttributes(new InodeId(old.number() + (1L << 48), old.generation())));
        source.named.clear();
        assertFails(FsError.STALE, () -> files.getAttributes(old));
        assertFails(FsError.STALE, () -> files.hold(old, FileHold.Kind.OPEN));
    }

    @Test
    void fewSnapshotsAreOpenAndUnusedOnesAreClosed() throws Exception {
        write("file", "one");
        for (int i = 0; i <= OpenSnapshots.OPEN_MAX; i++) {
            take("s" + i);
        }
        for (int i = 0; i <= OpenSnapshots.OPEN_MAX; i++) {
            at(".snapshots", "s" + i, "file");
            at(".snapshots", "s0", "file");
        }
        assertEquals(OpenSnapshots.OPEN_MAX, source.open);
        assertEquals(OpenSnapshots.OPEN_MAX + 1, source.openings);
        open.closeUnusedSince(System.nanoTime());
        assertEquals(0, source.open);
        assertEquals("one", read(at(".snapshots", "s0", "file").id()));
    }

    @Test
    void snapshotsInUseAreNotClosedForAnother() throws Exception {
        write("file", "one");
        for (int i = 0; i <= OpenSnapshots.OPEN_MAX; i++) {
            take("s" + i);
        }
        List<OpenSnapshots.Use> uses = new ArrayList<>();
        for (int i = 0; i < OpenSnapshots.OPEN_MAX; i++) {
            uses.add(open.use(FIRST_TREE + i));
        }
        assertFails(FsError.IO, () -> open.use(FIRST_TREE + OpenSnapshots.OPEN_MAX));
        open.closeUnusedSince(System.nanoTime());
        assertEquals(OpenSnapshots.OPEN_MAX, source.open);
        uses.forEach(OpenSnapshots.Use::close);
        open.use(FIRST_TREE + OpenSnapshots.OPEN_MAX).close();
        assertEquals(OpenSnapshots.OPEN_MAX, source.open);
    }

    @Test
    void aFileOfThisNameInTheVolumeReplacesTheDirectory() throws Exception {
        InodeId own = write(".snapshots", "own");
        take("first");
        assertEquals(own, at(".snapshots").id());
        assertTrue(names(list(files.root())).contains(".snapshots"));
        files.remove(ROOT, files.root(), name(".snapshots"), RemoveMode.ANY);
        assertFalse(names(list(files.root())).contains(".snapshots"));
        assertEquals("own", read(at(".snapshots", "first", ".snapshots").id()));
    }
}
