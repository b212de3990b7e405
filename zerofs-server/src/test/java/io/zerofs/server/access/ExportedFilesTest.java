// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.fs.ZeroFileSystem;
import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DirectoryEntry;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.vfs.XattrMode;
import io.zerofs.core.volume.MemoryVolume;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** A directory as a file system of its own, and a read-only one. */
class ExportedFilesTest {
    private static final Credentials ROOT = Credentials.ROOT;

    private final MemoryVolume volume = new MemoryVolume();
    private final ZeroFileSystem whole = CheckedFileSystems.open(volume);
    private final InodeId a = directory(whole.root(), "a");
    private final InodeId b = directory(a, "b");
    private final InodeId c = directory(b, "c");

    ExportedFilesTest() throws Exception {}

    @AfterEach
    void close() throws Exception {
        whole.close();
        volume.close();
    }

    private static FileName name(String text) throws FsException {
        return FileName.of(text);
    }

    private InodeId directory(InodeId parent, String name) throws FsException {
        return whole.create(ROOT, parent, name(name), NewNode.directory(0755))
                .node()
                .id();
    }

    private static void assertFails(FsError expected, Executable operation) {
        assertEquals(expected, assertThrows(FsException.class, operation).error());
    }

    private static InodeId above(VirtualFileSystem files, InodeId directory) throws FsException {
        return files.lookup(ROOT, directory, FileName.DOT_DOT).id();
    }

    private static DirectoryEntry listedAbove(VirtualFileSystem files, InodeId directory) throws FsException {
        List<DirectoryEntry> entries = new ArrayList<>();
        files.list(ROOT, directory, 0, true, entries::add);
        return entries.get(1);
    }

    @Test
    void theWholeOfItIsTheFileSystemItself() throws Exception {
        assertSame(whole, ExportedFiles.of(whole, "/", false));
        assertSame(whole, ExportedFiles.of(whole, "", false));
        assertFalse(ExportedFiles.of(whole, "/", true).isPart());
    }

    @Test
    void aDirectoryIsTheRootAndHasNothingAbove() throws Exception {
        VirtualFileSystem part = ExportedFiles.of(whole, "/a/b/", false);
        assertTrue(part.isPart());
        assertEquals(b, part.root());
        assertEquals(b, above(part, b));
        assertEquals(b, above(part, c));
        DirectoryEntry above = listedAbove(part, b);
        assertEquals(b.number(), above.inode());
        assertEquals(b, above.attributes().id());
        assertEquals(b.number(), listedAbove(part, c).inode());
    }

    @Test
    void aDirectoryThatWasMovedAwayLeadsToTheRootAndNotOut() throws Exception {
        VirtualFileSystem part = ExportedFiles.of(whole, "/a/b", false);
        InodeId d = directory(c, "d");
        whole.rename(ROOT, b, name("c"), whole.root(), name("c"));
        assertEquals(c, above(whole, d));
        for (InodeId each : new InodeId[] {c, d}) {
            assertEquals(b, above(part, each));
            assertEquals(b.number(), listedAbove(part, each).inode());
        }
    }

    @Test
    void onlyADirectoryThatIsThereIsShown() throws Exception {
        whole.create(ROOT, a, name("file"), NewNode.file(0644));
        assertFails(FsError.NOT_FOUND, () -> ExportedFiles.of(whole, "/a/x", false));
        assertFails(FsError.NOT_DIRECTORY, () -> ExportedFiles.of(whole, "/a/file", false));
    }

    @Test
    void everyChangeOfAReadOnlyOneIsRefused() throws Exception {
        Attributes file =
                whole.create(ROOT, a, name("file"), NewNode.file(0777)).node();
        InodeId id = file.id();
        VirtualFileSystem files = ExportedFiles.of(whole, "/", true);
        assertTrue(files.isReadOnly());
        FileName n = name("n");
        DataAccess now = DataAccess.CHECKED_NOW;
        List<Executable> changes = List.of(
                () -> files.setAttributes(ROOT, id, AttributeChange.ofMode(0), now),
                () -> files.write(ROOT, id, now, 0, ByteBuffer.allocate(1)),
                () -> files.deallocate(ROOT, id, now, 0, 1),
                () -> files.create(ROOT, a, n, NewNode.file(0644)),
                () -> files.link(ROOT, id, a, n),
                () -> files.remove(ROOT, a, name("file"), RemoveMode.ANY),
                () -> files.rename(ROOT, a, name("file"), a, n),
                () -> files.setXattr(ROOT, id, name("user.n"), new byte[0], XattrMode.ANY),
                () -> files.removeXattr(ROOT, id, name("user.n")));
        for (Executable change : changes) {
            assertFails(FsError.READ_ONLY, change);
        }
        assertEquals(file, files.getAttributes(id));
        assertEquals(AccessMask.READ, files.access(ROOT, id, AccessMask.READ | AccessMask.WRITE));
        assertEquals(0, files.read(ROOT, id, now, 0, ByteBuffer.allocate(1)).count());
    }
}
