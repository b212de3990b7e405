// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** open(2) with O_CREAT, mkdir(2), mknod(2), symlink(2) and link(2). */
public abstract class CreationContract extends VirtualFileSystemContract {
    @Test
    void theRootIsAnEmptyDirectoryOfTheSuperuser() throws Exception {
        Attributes root = stat(top);
        assertEquals(new InodeId(1, root.id().generation()), root.id());
        assertEquals(FileKind.DIRECTORY, root.kind());
        assertEquals(0755, root.mode());
        assertEquals(2, root.links());
        assertEquals(0, root.uid());
        assertEquals(top, lookup(top, ".."));
        assertTrue(names(top).isEmpty());
    }

    @Test
    void aNewFileHasTheModeAndOwnerItWasCreatedWith() throws Exception {
        chmod(ROOT, top, 0777);
        Timestamp now = clock.tick();
        Creation creation = files.create(ALICE, top, name("f"), NewNode.file(0640));
        Attributes file = creation.node();
        assertTrue(creation.created());
        assertEquals(FileKind.REGULAR, file.kind());
        assertEquals(0640, file.mode());
        assertEquals(1, file.links());
        assertEquals(1000, file.uid());
        assertEquals(1000, file.gid());
        assertEquals(0, file.size());
        assertEquals(now, file.accessed());
        assertEquals(now, file.modified());
        assertEquals(now, file.changed());
        assertEquals(now, file.created());
        assertEquals(file, stat(file.id()));
        assertEquals(file, files.lookup(ALICE, top, name("f")));
    }

    @Test
    void aCreationChangesTheTimesOfTheDirectory() throws Exception {
        Timestamp before = stat(top).modified();
        Timestamp now = clock.tick();
        Creation creation = files.create(ROOT, top, name("f"), NewNode.file(0644));
        assertEquals(before, creation.directory().before().modified());
        assertEquals(now, creation.directory().after().modified());
        assertEquals(now, creation.directory().after().changed());
        assertEquals(creation.directory().after(), stat(top));
    }

    @Test
    void everyKindOfFileCanBeCreatedByTheSuperuser() throws Exception {
        for (FileKind kind :
                new FileKind[] {FileKind.FIFO, FileKind.SOCKET, FileKind.CHARACTER_DEVICE, FileKind.BLOCK_DEVICE}) {
            InodeId id = node(ROOT, top, kind.name(), kind);
            assertEquals(kind, stat(id).kind());
            assertEquals(1, stat(id).links());
        }
        assertEquals(new DeviceNumber(7, 42), stat(lookup(top, "BLOCK_DEVICE")).device());
        assertEquals(DeviceNumber.NONE, stat(lookup(top, "FIFO")).device());
    }

    @Test
    void onlyTheSuperuserCreatesDeviceNodes() throws Exception {
        chmod(ROOT, top, 0777);
        assertFails(FsError.NOT_PERMITTED, () -> node(ALICE, top, "c", FileKind.CHARACTER_DEVICE));
        assertFails(FsError.NOT_PERMITTED, () -> node(ALICE, top, "b", FileKind.BLOCK_DEVICE));
        node(ALICE, top, "p", FileKind.FIFO);
        node(ALICE, top, "s", FileKind.SOCKET);
    }

    @Test
    void aSymlinkKeepsItsTargetByteForByte() throws Exception {
        byte[] target = {'/', (byte) 0xff, 'x', '/', '.', '.'};
        InodeId id = files.create(ROOT, top, name("l"), NewNode.symlink(target))
                .node()
                .id();
        assertArrayEquals(target, files.readLink(id));
        assertEquals(target.length, stat(id).size());
        assertEquals(0777, stat(id).mode());
    }

    @Test
    void aSymlinkTargetHasOneTo4095Bytes() throws Exception {
        files.create(ROOT, top, name("l"), NewNode.symlink(filled(4095, 'x')));
        assertFails(
                FsError.NAME_TOO_LONG, () -> files.create(ROOT, top, name("m"), NewNode.symlink(filled(4096, 'x'))));
        assertFails(FsError.INVALID, () -> files.create(ROOT, top, name("m"), NewNode.symlink(new byte[0])));
    }

    @Test
    void onlySymlinksAreReadAsLinks() throws Exception {
        assertFails(FsError.INVALID, () -> files.readLink(top));
        InodeId file = file(top, "f");
        assertFails(FsError.INVALID, () -> files.readLink(file));
    }

    @Test
    void aDirectoryCountsItsSubdirectoriesAsLinks() throws Exception {
        InodeId d = dir(top, "d");
        assertEquals(2, stat(d).links());
        assertEquals(3, stat(top).links());
        dir(d, "e");
        file(d, "f");
        assertEquals(3, stat(d).links());
        rmdir(ROOT, d, "e");
        assertEquals(2, stat(d).links());
    }

    @Test
    void aNameThatExistsIsNotCreatedAgain() throws Exception {
        file(top, "f");
        dir(top, "d");
        for (String name : new String[] {"f", "d", ".", ".."}) {
            assertFails(FsError.EXISTS, () -> file(top, name));
            assertFails(FsError.EXISTS, () -> dir(top, name));
            assertFails(FsError.EXISTS, () -> symlink(top, name, "t"));
        }
    }

    @Test
    void anExistingNameIsReportedBeforeTheMissingPermission() throws Exception {
        file(top, "f");
        assertFails(FsError.EXISTS, () -> file(ALICE, top, "f", 0644));
        assertFails(FsError.ACCESS_DENIED, () -> file(ALICE, top, "g", 0644));
    }

    @Test
    void creatingNeedsWriteAndSearchPermission() throws Exception {
        InodeId d = dir(ALICE, open0777(), "d", 0300);
        file(ALICE, d, "f", 0644);
        chmod(ALICE, d, 0200);
        assertFails(FsError.ACCESS_DENIED, () -> file(ALICE, d, "g", 0644));
        chmod(ALICE, d, 0100);
        assertFails(FsError.ACCESS_DENIED, () -> file(ALICE, d, "g", 0644));
        file(ROOT, d, "by-root", 0644);
    }

    @Test
    void aFileIsNoDirectoryToCreateIn() throws Exception {
        InodeId f = file(top, "f");
        assertFails(FsError.NOT_DIRECTORY, () -> file(f, "g"));
        assertFails(FsError.NOT_DIRECTORY, () -> files.lookup(ROOT, f, name("g")));
        assertFails(FsError.NOT_DIRECTORY, () -> unlink(ROOT, f, "g"));
    }

    @Test
    void nothingIsCreatedInARemovedDirectory() throws Exception {
        InodeId d = dir(top, "d");
        try (FileHold hold = files.hold(d, FileHold.Kind.OPEN)) {
            rmdir(ROOT, top, "d");
            assertFails(FsError.NOT_FOUND, () -> file(d, "f"));
            InodeId f = file(top, "f");
            assertFails(FsError.NOT_FOUND, () -> files.link(ROOT, f, d, name("g")));
            assertFails(FsError.NOT_FOUND, () -> rename(ROOT, top, "f", d, "g"));
            assertFails(FsError.NOT_FOUND, () -> files.lookup(ROOT, d, name("..")));
            assertEquals(0, stat(d).links());
        }
        settle(files);
        assertFails(FsError.STALE, () -> file(d, "f"));
    }

    @Test
    void namesAreBytesUpTo255() throws Exception {
        byte[] odd = {(byte) 0xff, 1, '\n', (byte) 0xc3};
        files.create(ROOT, top, FileName.of(odd), NewNode.file(0644));
        assertArrayEquals(odd, bytesOf(0));
        byte[] longest = filled(255, 'n');
        files.create(ROOT, top, FileName.of(longest), NewNode.file(0644));
        assertArrayEquals(longest, bytesOf(1));
        assertFails(FsError.NAME_TOO_LONG, () -> FileName.of(filled(256, 'n')));
        assertFails(FsError.INVALID, () -> FileName.of(""));
        assertFails(FsError.INVALID, () -> FileName.of("a/b"));
        assertFails(FsError.INVALID, () -> FileName.of("a\0b"));
    }

    private byte[] bytesOf(int index) throws FsException {
        byte[][] found = new byte[1][];
        int[] at = {0};
        files.list(ROOT, top, 2, false, entry -> {
            if (at[0]++ == index) {
                found[0] = entry.name().toBytes();
            }
            return true;
        });
        return found[0];
    }

    @Test
    void newFilesInheritTheGroupOfASetgidDirectory() throws Exception {
        InodeId d = dir(open0777(), "d");
        chown(ROOT, d, 1000, 3000);
        chmod(ROOT, d, 02777);
        Attributes file = stat(file(ALICE, d, "f", 0644));
        assertEquals(3000, file.gid());
        Attributes sub = stat(dir(ALICE, d, "s", 0755));
        assertEquals(3000, sub.gid());
        assertEquals(02755, sub.mode());
    }

    @Test
    void aNewFileOfAForeignGroupLosesSetgid() throws Exception {
        InodeId d = dir(open0777(), "d");
        chown(ROOT, d, 1000, 3000);
        chmod(ROOT, d, 02777);
        assertEquals(0755, stat(file(ALICE, d, "x", 02755)).mode());
        assertEquals(02745, stat(file(ALICE, d, "n", 02745)).mode());
        assertEquals(02755, stat(file(ROOT, d, "r", 02755)).mode());
        assertEquals(02755, stat(file(ALICE, open0777(), "own", 02755)).mode());
    }

    @Test
    void initialAttributesAreAsRequestedIfPermitted() throws Exception {
        Timestamp old = new Timestamp(-5, 7);
        AttributeChange initial =
                new AttributeChange(0600, 1001, 2000, 10L, TimeChange.to(old), TimeChange.to(old), null);
        NewNode node = new NewNode(FileKind.REGULAR, initial, DeviceNumber.NONE, null, NewNode.Existing.REFUSE, 0);
        Attributes byRoot = files.create(ROOT, top, name("r"), node).node();
        assertEquals(1001, byRoot.uid());
        assertEquals(2000, byRoot.gid());
        assertEquals(10, byRoot.size());
        assertEquals(old, byRoot.modified());
        assertEquals(old, byRoot.accessed());
        assertNotEquals(old, byRoot.created());
        Attributes byAlice = files.create(ALICE, open0777(), name("a"), node).node();
        assertEquals(1000, byAlice.uid());
        assertEquals(2000, byAlice.gid());
        AttributeChange foreign = AttributeChange.ofOwner(null, 3000);
        NewNode foreignNode =
                new NewNode(FileKind.REGULAR, foreign, DeviceNumber.NONE, null, NewNode.Existing.REFUSE, 0);
        assertEquals(
                1000, files.create(ALICE, top, name("b"), foreignNode).node().gid());
    }

    @Test
    void anExistingFileIsOpenedAndTruncatedIfAsked() throws Exception {
        InodeId f = file(top, "f");
        write(f, 0, "0123456789");
        Creation opened = files.create(ROOT, top, name("f"), openOrCreate(null));
        assertFalse(opened.created());
        assertEquals(f, opened.node().id());
        assertEquals(10, opened.node().size());
        assertEquals(0644, opened.node().mode());
        Creation truncated = files.create(ROOT, top, name("f"), openOrCreate(4L));
        assertEquals(4, truncated.node().size());
        assertEquals(stat(f), truncated.node());
        assertTrue(files.create(ROOT, top, name("new"), openOrCreate(4L)).created());
    }

    @Test
    void openingWithTruncationNeedsWritePermission() throws Exception {
        InodeId f = file(top, "f");
        write(f, 0, "0123456789");
        files.create(BOB, top, name("f"), openOrCreate(null));
        assertFails(FsError.ACCESS_DENIED, () -> files.create(BOB, top, name("f"), openOrCreate(0L)));
        assertEquals(10, stat(f).size());
    }

    @Test
    void onlyRegularFilesAreOpened() throws Exception {
        dir(top, "d");
        symlink(top, "l", "f");
        assertFails(FsError.IS_DIRECTORY, () -> files.create(ROOT, top, name("d"), openOrCreate(null)));
        assertFails(FsError.IS_DIRECTORY, () -> files.create(ROOT, top, name("."), openOrCreate(null)));
        assertFails(FsError.EXISTS, () -> files.create(ROOT, top, name("l"), openOrCreate(null)));
    }

    private static NewNode openOrCreate(Long size) {
        AttributeChange initial = new AttributeChange(0600, null, null, size, TimeChange.KEEP, TimeChange.KEEP, null);
        return new NewNode(FileKind.REGULAR, initial, DeviceNumber.NONE, null, NewNode.Existing.OPEN, 0);
    }

    @Test
    void anExclusiveCreationIsRepeatedByItsVerifierOnly() throws Exception {
        Creation first = files.create(ROOT, top, name("f"), exclusive(77));
        assertTrue(first.created());
        Creation again = files.create(ROOT, top, name("f"), exclusive(77));
        assertFalse(again.created());
        assertEquals(first.node().id(), again.node().id());
        assertFails(FsError.EXISTS, () -> files.create(ROOT, top, name("f"), exclusive(78)));
        file(top, "plain");
        assertFails(FsError.EXISTS, () -> files.create(ROOT, top, name("plain"), exclusive(0)));
    }

    private static NewNode exclusive(long verifier) {
        return new NewNode(
                FileKind.REGULAR,
                AttributeChange.ofMode(0600),
                DeviceNumber.NONE,
                null,
                NewNode.Existing.OPEN_IF_SAME_VERIFIER,
                verifier);
    }

    @Test
    void inodeNumbersAreNeverUsedTwice() throws Exception {
        InodeId first = file(top, "f");
        unlink(ROOT, top, "f");
        assertNotEquals(first.number(), file(top, "f").number());
        assertFails(FsError.STALE, () -> stat(first));
        assertFails(FsError.STALE, () -> stat(new InodeId(999, 1)));
        assertFails(FsError.STALE, () -> stat(new InodeId(top.number(), top.generation() + 1)));
        assertFails(FsError.STALE, () -> stat(new InodeId(-1, 1)));
        assertFails(FsError.STALE, () -> stat(new InodeId(InodeId.NUMBER_MAX + 2, top.generation())));
    }

    @Test
    void aHardLinkIsTheSameFile() throws Exception {
        InodeId d = dir(top, "d");
        InodeId f = file(top, "f");
        Timestamp now = clock.tick();
        Creation link = files.link(ROOT, f, d, name("g"));
        assertEquals(f, link.node().id());
        assertEquals(2, link.node().links());
        assertEquals(now, link.node().changed());
        assertEquals(now, stat(d).modified());
        assertEquals(f, lookup(d, "g"));
        unlink(ROOT, top, "f");
        assertEquals(1, stat(f).links());
    }

    @Test
    void symlinksAndSpecialFilesCanBeLinkedButDirectoriesCannot() throws Exception {
        InodeId l = symlink(top, "l", "target");
        assertEquals(2, files.link(ROOT, l, top, name("l2")).node().links());
        InodeId p = node(ROOT, top, "p", FileKind.FIFO);
        assertEquals(2, files.link(ROOT, p, top, name("p2")).node().links());
        InodeId d = dir(top, "d");
        assertFails(FsError.NOT_PERMITTED, () -> files.link(ROOT, d, top, name("d2")));
    }

    @Test
    void aLinkIsRefusedWhereACreationWouldBe() throws Exception {
        InodeId f = file(top, "f");
        assertFails(FsError.EXISTS, () -> files.link(ROOT, f, top, name("f")));
        assertFails(FsError.EXISTS, () -> files.link(ALICE, f, top, name("f")));
        assertFails(FsError.EXISTS, () -> files.link(ROOT, f, top, name(".")));
        assertFails(FsError.ACCESS_DENIED, () -> files.link(ALICE, f, top, name("g")));
        assertFails(FsError.NOT_DIRECTORY, () -> files.link(ROOT, f, f, name("g")));
    }

    @Test
    void aFileWithoutNamesGetsNoNewOne() throws Exception {
        InodeId f = file(top, "f");
        try (FileHold hold = files.hold(f, FileHold.Kind.OPEN)) {
            unlink(ROOT, top, "f");
            assertFails(FsError.NOT_FOUND, () -> files.link(ROOT, f, top, name("g")));
        }
    }

    /** The root directory, writable for everybody. */
    private InodeId open0777() throws FsException {
        chmod(ROOT, top, 0777);
        return top;
    }
}
