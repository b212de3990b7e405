// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** unlink(2), rmdir(2), and their effect on open files. */
public abstract class RemovalContract extends VirtualFileSystemContract {
    @Test
    void anUnlinkedNameIsGoneAndItsFileWithIt() throws Exception {
        InodeId f = file(top, "f");
        Timestamp now = clock.tick();
        Removal removal = files.remove(ROOT, top, name("f"), RemoveMode.FILE);
        assertEquals(0, removal.node().links());
        assertEquals(now, removal.directory().after().modified());
        assertEquals(removal.directory().after(), stat(top));
        assertFails(FsError.NOT_FOUND, () -> lookup(top, "f"));
        assertFails(FsError.STALE, () -> stat(f));
        assertEquals(List.of(), names(top));
    }

    @Test
    void unlinkingOneOfTwoNamesUpdatesTheOtherOnesChangeTime() throws Exception {
        InodeId f = file(top, "f");
        files.link(ROOT, f, top, name("g"));
        Timestamp now = clock.tick();
        assertEquals(
                1, files.remove(ROOT, top, name("f"), RemoveMode.FILE).node().links());
        assertEquals(now, stat(f).changed());
        assertEquals(f, lookup(top, "g"));
    }

    @Test
    void unlinkRefusesDirectoriesAndRmdirRefusesFiles() throws Exception {
        dir(top, "d");
        file(top, "f");
        symlink(top, "l", "d");
        assertFails(FsError.IS_DIRECTORY, () -> unlink(ROOT, top, "d"));
        assertFails(FsError.NOT_DIRECTORY, () -> rmdir(ROOT, top, "f"));
        assertFails(FsError.NOT_DIRECTORY, () -> rmdir(ROOT, top, "l"));
        files.remove(ROOT, top, name("d"), RemoveMode.ANY);
        files.remove(ROOT, top, name("f"), RemoveMode.ANY);
        assertEquals(List.of("l"), names(top));
    }

    @Test
    void onlyEmptyDirectoriesAreRemoved() throws Exception {
        InodeId d = dir(top, "d");
        file(d, "f");
        assertFails(FsError.NOT_EMPTY, () -> rmdir(ROOT, top, "d"));
        assertFails(FsError.NOT_EMPTY, () -> files.remove(ROOT, top, name("d"), RemoveMode.ANY));
        unlink(ROOT, d, "f");
        rmdir(ROOT, top, "d");
        assertFails(FsError.STALE, () -> stat(d));
        assertEquals(2, stat(top).links());
    }

    @Test
    void aMissingNameIsNotFound() throws Exception {
        assertFails(FsError.NOT_FOUND, () -> unlink(ROOT, top, "f"));
        assertFails(FsError.NOT_FOUND, () -> rmdir(ROOT, top, "f"));
        assertFails(FsError.NOT_FOUND, () -> unlink(ALICE, top, "f"));
    }

    @Test
    void dotsAreNotRemoved() throws Exception {
        InodeId d = dir(top, "d");
        assertFails(FsError.INVALID, () -> rmdir(ROOT, d, "."));
        assertFails(FsError.NOT_EMPTY, () -> rmdir(ROOT, d, ".."));
        assertFails(FsError.IS_DIRECTORY, () -> unlink(ROOT, d, "."));
        assertFails(FsError.INVALID, () -> files.remove(ROOT, d, name("."), RemoveMode.ANY));
    }

    @Test
    void removingNeedsWriteAndSearchPermissionOnTheDirectoryOnly() throws Exception {
        InodeId d = dir(top, "d");
        file(ROOT, d, "f", 0000);
        chmod(ROOT, d, 0755);
        assertFails(FsError.ACCESS_DENIED, () -> unlink(ALICE, d, "f"));
        chmod(ROOT, d, 0774);
        assertFails(FsError.ACCESS_DENIED, () -> unlink(ALICE, d, "f"));
        chmod(ROOT, d, 0773);
        unlink(ALICE, d, "f");
    }

    @Test
    void inAStickyDirectoryOnlyOwnersRemove() throws Exception {
        InodeId d = dir(top, "d");
        chmod(ROOT, d, 01777);
        file(ALICE, d, "a", 0666);
        dir(ALICE, d, "s", 0777);
        assertFails(FsError.NOT_PERMITTED, () -> unlink(BOB, d, "a"));
        assertFails(FsError.NOT_PERMITTED, () -> rmdir(BOB, d, "s"));
        unlink(ALICE, d, "a");
        chown(ROOT, d, 1001, null);
        rmdir(BOB, d, "s");
        file(ALICE, d, "a", 0666);
        unlink(ROOT, d, "a");
    }

    @Test
    void permissionIsCheckedBeforeTheKindOfTheFile() throws Exception {
        dir(top, "d");
        file(top, "f");
        assertFails(FsError.ACCESS_DENIED, () -> unlink(ALICE, top, "d"));
        assertFails(FsError.ACCESS_DENIED, () -> rmdir(ALICE, top, "f"));
    }

    @Test
    void anUnlinkedFileLivesWhileItIsHeld() throws Exception {
        InodeId f = file(top, "f");
        write(f, 0, "data");
        FileHold first = files.hold(f, FileHold.Kind.OPEN);
        FileHold second = files.hold(f, FileHold.Kind.OPEN);
        assertEquals(f, first.inode());
        unlink(ROOT, top, "f");
        assertEquals(0, stat(f).links());
        write(f, 4, "more");
        first.close();
        first.close();
        assertEquals("datamore", text(f, 0, 100));
        truncate(ROOT, f, 2);
        assertEquals("da", text(f, 0, 100));
        second.close();
        settle(files);
        assertFails(FsError.STALE, () -> stat(f));
    }

    @Test
    void onlyExistingFilesAreHeld() throws Exception {
        InodeId f = file(top, "f");
        unlink(ROOT, top, "f");
        assertFails(FsError.STALE, () -> files.hold(f, FileHold.Kind.OPEN));
        InodeId d = dir(top, "d");
        assertFails(FsError.IS_DIRECTORY, () -> files.hold(d, FileHold.Kind.DEVICE));
    }

    @Test
    void aConnectedDeviceIsNeitherResizedNorRemovedNorRenamed() throws Exception {
        InodeId f = file(top, "f");
        truncate(ROOT, f, 1000);
        file(top, "other");
        FileHold device = files.hold(f, FileHold.Kind.DEVICE);
        assertFails(FsError.BUSY, () -> truncate(ROOT, f, 10));
        assertFails(FsError.BUSY, () -> unlink(ROOT, top, "f"));
        assertFails(FsError.BUSY, () -> rename(ROOT, top, "f", top, "g"));
        assertFails(FsError.BUSY, () -> rename(ROOT, top, "other", top, "f"));
        assertFails(FsError.BUSY, () -> write(f, 998, "data"));
        assertEquals(1000, stat(f).size());
        write(f, 0, "data");
        chmod(ROOT, f, 0600);
        device.close();
        write(f, 998, "data");
        truncate(ROOT, f, 10);
        rename(ROOT, top, "f", top, "g");
        unlink(ROOT, top, "g");
    }
}
