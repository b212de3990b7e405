// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** rename(2). */
public abstract class RenameContract extends VirtualFileSystemContract {
    @Test
    void aFileIsRenamedWithinItsDirectory() throws Exception {
        InodeId f = file(top, "f");
        Timestamp now = clock.tick();
        Renaming renaming = files.rename(ROOT, top, name("f"), top, name("g"));
        assertEquals(f, lookup(top, "g"));
        assertFails(FsError.NOT_FOUND, () -> lookup(top, "f"));
        assertEquals(now, stat(f).changed());
        assertEquals(now, stat(top).modified());
        assertEquals(renaming.from(), renaming.to());
        assertEquals(stat(top), renaming.to().after());
    }

    @Test
    void aFileMovesToAnotherDirectory() throws Exception {
        InodeId d = dir(top, "d");
        InodeId e = dir(top, "e");
        InodeId f = file(d, "f");
        Timestamp now = clock.tick();
        Renaming renaming = files.rename(ROOT, d, name("f"), e, name("g"));
        assertEquals(f, lookup(e, "g"));
        assertEquals(List.of(), names(d));
        assertEquals(now, stat(d).modified());
        assertEquals(now, stat(e).modified());
        assertEquals(stat(d), renaming.from().after());
        assertEquals(stat(e), renaming.to().after());
    }

    @Test
    void aMovedDirectoryHasANewParent() throws Exception {
        InodeId d = dir(top, "d");
        InodeId e = dir(top, "e");
        InodeId s = dir(d, "s");
        rename(ROOT, d, "s", e, "t");
        assertEquals(e, lookup(s, ".."));
        assertEquals(2, stat(d).links());
        assertEquals(3, stat(e).links());
    }

    @Test
    void anExistingFileIsReplaced() throws Exception {
        InodeId f = file(top, "f");
        InodeId g = file(top, "g");
        rename(ROOT, top, "f", top, "g");
        assertEquals(f, lookup(top, "g"));
        assertEquals(List.of("g"), names(top));
        assertFails(FsError.STALE, () -> stat(g));
    }

    @Test
    void aReplacedFileWithOtherNamesLosesOneLink() throws Exception {
        file(top, "f");
        InodeId g = file(top, "g");
        files.link(ROOT, g, top, name("h"));
        Timestamp now = clock.tick();
        rename(ROOT, top, "f", top, "g");
        assertEquals(1, stat(g).links());
        assertEquals(now, stat(g).changed());
    }

    @Test
    void aReplacedFileLivesWhileItIsHeld() throws Exception {
        file(top, "f");
        InodeId g = file(top, "g");
        write(g, 0, "old");
        try (FileHold hold = files.hold(g, FileHold.Kind.OPEN)) {
            rename(ROOT, top, "f", top, "g");
            assertEquals("old", text(g, 0, 10));
            assertEquals(0, stat(g).links());
        }
    }

    @Test
    void anEmptyDirectoryIsReplacedByADirectory() throws Exception {
        InodeId d = dir(top, "d");
        InodeId e = dir(top, "e");
        file(d, "f");
        rename(ROOT, top, "d", top, "e");
        assertEquals(d, lookup(top, "e"));
        assertEquals(3, stat(top).links());
        assertFails(FsError.STALE, () -> stat(e));
        InodeId x = dir(top, "x");
        InodeId y = dir(x, "y");
        rename(ROOT, top, "e", x, "y");
        assertEquals(d, lookup(x, "y"));
        assertEquals(3, stat(x).links());
        assertFails(FsError.STALE, () -> stat(y));
    }

    @Test
    void aDirectoryThatIsNotEmptyIsNotReplaced() throws Exception {
        dir(top, "d");
        InodeId e = dir(top, "e");
        file(e, "f");
        assertFails(FsError.NOT_EMPTY, () -> rename(ROOT, top, "d", top, "e"));
    }

    @Test
    void directoriesReplaceOnlyDirectoriesAndFilesOnlyFiles() throws Exception {
        dir(top, "d");
        file(top, "f");
        symlink(top, "l", "d");
        assertFails(FsError.NOT_DIRECTORY, () -> rename(ROOT, top, "d", top, "f"));
        assertFails(FsError.NOT_DIRECTORY, () -> rename(ROOT, top, "d", top, "l"));
        assertFails(FsError.IS_DIRECTORY, () -> rename(ROOT, top, "f", top, "d"));
        rename(ROOT, top, "f", top, "l");
    }

    @Test
    void twoNamesOfOneFileStayAsTheyAre() throws Exception {
        InodeId f = file(top, "f");
        files.link(ROOT, f, top, name("g"));
        Timestamp before = stat(top).modified();
        clock.tick();
        rename(ROOT, top, "f", top, "g");
        rename(ROOT, top, "f", top, "f");
        assertEquals(List.of("f", "g"), names(top));
        assertEquals(2, stat(f).links());
        assertEquals(before, stat(top).modified());
    }

    @Test
    void aDirectoryIsNotMovedBelowItself() throws Exception {
        InodeId d = dir(top, "d");
        InodeId e = dir(d, "e");
        assertFails(FsError.INVALID, () -> rename(ROOT, top, "d", d, "x"));
        assertFails(FsError.INVALID, () -> rename(ROOT, top, "d", e, "x"));
        dir(e, "x");
        assertFails(FsError.INVALID, () -> rename(ROOT, top, "d", e, "x"));
    }

    @Test
    void anAncestorOfTheSourceIsNotReplaced() throws Exception {
        InodeId d = dir(top, "d");
        InodeId e = dir(d, "e");
        file(e, "f");
        dir(e, "g");
        assertFails(FsError.NOT_EMPTY, () -> rename(ROOT, e, "f", top, "d"));
        assertFails(FsError.NOT_EMPTY, () -> rename(ROOT, e, "g", top, "d"));
    }

    @Test
    void dotsAreNotRenamed() throws Exception {
        InodeId d = dir(top, "d");
        assertFails(FsError.INVALID, () -> rename(ROOT, d, ".", top, "x"));
        assertFails(FsError.INVALID, () -> rename(ROOT, d, "..", top, "x"));
        assertFails(FsError.INVALID, () -> rename(ROOT, top, "d", top, ".."));
    }

    @Test
    void aMissingSourceIsNotFound() throws Exception {
        InodeId d = dir(top, "d");
        InodeId f = file(top, "f");
        assertFails(FsError.NOT_FOUND, () -> rename(ROOT, top, "x", d, "y"));
        assertFails(FsError.NOT_FOUND, () -> rename(ALICE, top, "x", d, "y"));
        assertFails(FsError.NOT_DIRECTORY, () -> rename(ROOT, f, "x", d, "y"));
        assertFails(FsError.NOT_DIRECTORY, () -> rename(ROOT, top, "d", f, "y"));
    }

    @Test
    void bothDirectoriesMustBeWritable() throws Exception {
        InodeId a = dir(ROOT, top, "a", 0777);
        InodeId b = dir(ROOT, top, "b", 0755);
        file(ROOT, a, "f", 0644);
        file(ROOT, b, "g", 0644);
        chmod(ROOT, a, 0777);
        assertFails(FsError.ACCESS_DENIED, () -> rename(ALICE, a, "f", b, "x"));
        assertFails(FsError.ACCESS_DENIED, () -> rename(ALICE, b, "g", a, "x"));
        chmod(ROOT, b, 0776);
        assertFails(FsError.ACCESS_DENIED, () -> rename(ALICE, a, "f", b, "x"));
        chmod(ROOT, b, 0777);
        rename(ALICE, a, "f", b, "x");
    }

    @Test
    void theStickyBitCountsInBothDirectories() throws Exception {
        InodeId a = dir(top, "a");
        InodeId b = dir(top, "b");
        chmod(ROOT, a, 01777);
        chmod(ROOT, b, 01777);
        file(ALICE, a, "alice", 0666);
        file(BOB, b, "bob", 0666);
        assertFails(FsError.NOT_PERMITTED, () -> rename(BOB, a, "alice", b, "x"));
        assertFails(FsError.NOT_PERMITTED, () -> rename(ALICE, a, "alice", b, "bob"));
        rename(ALICE, a, "alice", b, "x");
        chown(ROOT, b, 1000, null);
        rename(ALICE, b, "x", b, "bob");
    }

    @Test
    void movingADirectoryNeedsWritePermissionOnIt() throws Exception {
        InodeId a = dir(ROOT, top, "a", 0755);
        InodeId b = dir(ROOT, top, "b", 0755);
        chmod(ROOT, a, 0777);
        chmod(ROOT, b, 0777);
        dir(ROOT, a, "d", 0755);
        rename(ALICE, a, "d", a, "e");
        assertFails(FsError.ACCESS_DENIED, () -> rename(ALICE, a, "e", b, "d"));
        chmod(ROOT, lookup(a, "e"), 0757);
        rename(ALICE, a, "e", b, "d");
    }

    @Test
    void renamingAHeldFileKeepsIt() throws Exception {
        InodeId f = file(top, "f");
        try (FileHold hold = files.hold(f, FileHold.Kind.OPEN)) {
            rename(ROOT, top, "f", top, "g");
        }
        assertEquals(f, lookup(top, "g"));
    }
}
