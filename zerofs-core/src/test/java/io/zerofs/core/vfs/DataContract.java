// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** read(2), write(2), truncate(2), fallocate(2) with FALLOC_FL_PUNCH_HOLE, and space. */
public abstract class DataContract extends VirtualFileSystemContract {
    /** Bytes of an inode, of a name besides twice its length, and of an attribute besides its bytes. */
    private static final long INODE = 128;

    private static final long NAME = 64;
    private static final long XATTR = 64;

    @Test
    void writtenBytesAreReadBack() throws Exception {
        InodeId f = file(top, "f");
        Timestamp now = clock.tick();
        AttributeTransition change = write(f, 0, "hello world");
        assertEquals(0, change.before().size());
        assertEquals(11, change.after().size());
        assertEquals(now, change.after().modified());
        assertEquals(now, change.after().changed());
        assertEquals(change.after(), stat(f));
        assertEquals("hello world", text(f, 0, 100));
        assertEquals("wor", text(f, 6, 3));
    }

    @Test
    void readingReportsTheEndOfTheFile() throws Exception {
        InodeId f = file(top, "f");
        write(f, 0, "0123456789");
        assertFalse(readResult(f, 0, 9).endOfFile());
        assertTrue(readResult(f, 0, 10).endOfFile());
        assertTrue(readResult(f, 9, 10).endOfFile());
        ReadResult past = readResult(f, 10, 10);
        assertEquals(0, past.count());
        assertTrue(past.endOfFile());
        assertEquals(0, readResult(f, -1, 10).count());
        assertEquals(stat(f), past.attributes());
    }

    private ReadResult readResult(InodeId file, long offset, int length) throws FsException {
        return files.read(ROOT, file, DataAccess.CHECKED_NOW, offset, ByteBuffer.allocate(length));
    }

    @Test
    void readingLeavesTheAccessTime() throws Exception {
        InodeId f = file(top, "f");
        write(f, 0, "0123456789");
        Attributes before = stat(f);
        clock.tick();
        text(f, 0, 10);
        assertEquals(before, stat(f));
    }

    @Test
    void aReadStopsAtTheLimitOfItsBuffer() throws Exception {
        InodeId f = file(top, "f");
        write(f, 0, "0123456789");
        ByteBuffer window = ByteBuffer.allocate(20);
        window.position(3).limit(7);
        assertEquals(4, files.read(ROOT, f, DataAccess.CHECKED_NOW, 2, window).count());
        assertEquals(7, window.position());
        assertEquals(7, window.limit());
        window.clear().position(15);
        assertEquals(5, files.read(ROOT, f, DataAccess.CHECKED_NOW, 5, window).count());
        assertEquals(20, window.limit());
    }

    @Test
    void holesReadAsZeros() throws Exception {
        InodeId f = file(top, "f");
        write(f, 3L * CHUNK + 5, "x");
        assertArrayEquals(new byte[CHUNK], read(ROOT, f, CHUNK - 100, CHUNK));
        assertEquals("\0\0x", text(f, 3L * CHUNK + 3, 10));
        assertEquals(3L * CHUNK + 6, stat(f).size());
    }

    @Test
    void writesAcrossChunksAreWhole() throws Exception {
        InodeId f = file(top, "f");
        byte[] data = pattern(3 * CHUNK);
        write(ROOT, f, CHUNK / 2, data);
        assertArrayEquals(data, read(ROOT, f, CHUNK / 2, data.length));
        write(ROOT, f, CHUNK - 2, bytes("abcd"));
        assertEquals("abcd", text(f, CHUNK - 2, 4));
    }

    @Test
    void largeWritesAreTakenWhole() throws Exception {
        InodeId f = file(top, "f");
        byte[] data = pattern(10 * 1024 * 1024 + 77);
        AttributeTransition change = write(ROOT, f, 12345, data);
        assertEquals(0, change.before().size());
        assertEquals(12345 + data.length, change.after().size());
        assertArrayEquals(data, read(ROOT, f, 12345, data.length));
    }

    @Test
    void shrinkingCutsAndGrowingAddsZeros() throws Exception {
        InodeId f = file(top, "f");
        write(ROOT, f, 0, filled(2 * CHUNK, 7));
        Timestamp now = clock.tick();
        truncate(ROOT, f, CHUNK + 3);
        assertEquals(CHUNK + 3, stat(f).size());
        assertEquals(now, stat(f).modified());
        assertEquals(now, stat(f).changed());
        truncate(ROOT, f, 2L * CHUNK);
        byte[] expected = new byte[2 * CHUNK];
        Arrays.fill(expected, 0, CHUNK + 3, (byte) 7);
        assertArrayEquals(expected, read(ROOT, f, 0, 3 * CHUNK));
    }

    @Test
    void aWritePastATruncationLeavesZerosBetween() throws Exception {
        InodeId f = file(top, "f");
        write(f, 0, "0123456789");
        truncate(ROOT, f, 2);
        write(f, 5, "x");
        assertEquals("01\0\0\0x", text(f, 0, 100));
    }

    @Test
    void truncationToTheSameSizeUpdatesTheTimes() throws Exception {
        InodeId f = file(top, "f");
        write(f, 0, "0123456789");
        Timestamp now = clock.tick();
        truncate(ROOT, f, 10);
        assertEquals(now, stat(f).modified());
    }

    @Test
    void sizesAreUnsigned64Bit() throws Exception {
        InodeId f = file(top, "f");
        truncate(ROOT, f, -1);
        assertEquals(-1, stat(f).size());
        write(f, -3, "ab");
        assertEquals("\0ab", text(f, -4, 100));
        assertFails(FsError.FILE_TOO_LARGE, () -> write(f, -2, "abc"));
        assertFails(FsError.FILE_TOO_LARGE, () -> write(f, -1, "a"));
        assertEquals(CHUNK, stat(f).allocatedBytes());
        truncate(ROOT, f, 0);
        assertEquals(0, stat(f).allocatedBytes());
    }

    @Test
    void onlyRegularFilesHaveData() throws Exception {
        InodeId d = dir(top, "d");
        InodeId p = node(ROOT, top, "p", FileKind.FIFO);
        InodeId l = symlink(top, "l", "t");
        assertFails(FsError.IS_DIRECTORY, () -> text(d, 0, 1));
        assertFails(FsError.IS_DIRECTORY, () -> write(d, 0, "x"));
        assertFails(FsError.IS_DIRECTORY, () -> truncate(ROOT, d, 0));
        for (InodeId other : new InodeId[] {p, l}) {
            assertFails(FsError.INVALID, () -> text(other, 0, 1));
            assertFails(FsError.INVALID, () -> write(other, 0, "x"));
            assertFails(FsError.INVALID, () -> truncate(ROOT, other, 0));
            assertFails(FsError.INVALID, () -> files.extentAt(other, 0, Long.MAX_VALUE));
        }
    }

    @Test
    void dataIsReadAndWrittenByTheBits() throws Exception {
        chmod(ROOT, top, 0777);
        InodeId f = file(ALICE, top, "f", 0604);
        read(BOB, f, 0, 1);
        assertFails(FsError.ACCESS_DENIED, () -> write(BOB, f, 0, bytes("x")));
        assertFails(FsError.ACCESS_DENIED, () -> truncate(BOB, f, 0));
        assertFails(FsError.ACCESS_DENIED, () -> files.deallocate(BOB, f, DataAccess.CHECKED_NOW, 0, 1));
        chmod(ALICE, f, 0602);
        write(BOB, f, 0, bytes("x"));
        truncate(BOB, f, 0);
        assertFails(FsError.ACCESS_DENIED, () -> read(BOB, f, 0, 1));
    }

    @Test
    void aUserWhoMayExecuteAFileMayReadIt() throws Exception {
        chmod(ROOT, top, 0777);
        InodeId f = file(ALICE, top, "f", 0601);
        read(BOB, f, 0, 1);
    }

    @Test
    void theOwnerReadsAndWritesWithAnyMode() throws Exception {
        chmod(ROOT, top, 0777);
        InodeId f = file(ALICE, top, "f", 0000);
        write(ALICE, f, 0, bytes("x"));
        read(ALICE, f, 0, 1);
        truncate(ALICE, f, 0);
    }

    @Test
    void permissionIsDecidedOnceAtOpen() throws Exception {
        InodeId f = file(ROOT, top, "f", 0000);
        files.write(BOB, f, DataAccess.CHECKED_AT_OPEN, 0, ByteBuffer.wrap(bytes("x")));
        files.read(BOB, f, DataAccess.CHECKED_AT_OPEN, 0, ByteBuffer.allocate(1));
        files.setAttributes(BOB, f, AttributeChange.ofSize(0), DataAccess.CHECKED_AT_OPEN);
        files.deallocate(BOB, f, DataAccess.CHECKED_AT_OPEN, 0, 1);
    }

    @Test
    void allocatedBytesCountPresentChunksUpToTheSize() throws Exception {
        InodeId f = file(top, "f");
        write(f, 0, "x");
        assertEquals(512, stat(f).allocatedBytes());
        write(f, 513, "x");
        assertEquals(1024, stat(f).allocatedBytes());
        write(f, 10L * CHUNK, "x");
        assertEquals(2L * CHUNK, stat(f).allocatedBytes());
        write(f, 10L * CHUNK + 1, "x");
        write(ROOT, f, 9L * CHUNK, filled(CHUNK, 1));
        assertEquals(3L * CHUNK, stat(f).allocatedBytes());
        truncate(ROOT, f, 5L * CHUNK);
        assertEquals(CHUNK, stat(f).allocatedBytes());
        truncate(ROOT, f, 0);
        assertEquals(0, stat(f).allocatedBytes());
    }

    @Test
    void statisticsFollowTheAllocation() throws Exception {
        FsStatistics empty = files.statistics();
        assertEquals(INODE, empty.bytesUsed());
        assertEquals(1, empty.inodesUsed());
        InodeId f = file(top, "f");
        write(f, 0, "x");
        write(f, 5L * CHUNK, "x");
        dir(top, "d");
        assertEquals(2L * CHUNK + 3 * INODE + 2 * (NAME + 2), files.statistics().bytesUsed());
        assertEquals(3, files.statistics().inodesUsed());
        unlink(ROOT, top, "f");
        rmdir(ROOT, top, "d");
        assertEquals(empty, files.statistics());
    }

    @Test
    void namesLinksAndAttributesCountAsWell() throws Exception {
        FsStatistics empty = files.statistics();
        InodeId f = file(top, "f");
        files.link(ROOT, f, top, name("another"));
        symlink(top, "l", "target");
        FileName attribute = name("user.a");
        files.setXattr(ROOT, f, attribute, new byte[1000], XattrMode.ANY);
        files.setXattr(ROOT, f, attribute, new byte[10], XattrMode.ANY);
        long used = 3 * INODE + 3 * NAME + 2 * (1 + 7 + 1) + 6 + XATTR + 6 + 10;
        assertEquals(used, files.statistics().bytesUsed());
        rename(ROOT, top, "f", top, "longer");
        assertEquals(used + 2 * 5, files.statistics().bytesUsed());
        rename(ROOT, top, "l", top, "another");
        assertEquals(used + 2 * 5 - NAME - 2, files.statistics().bytesUsed());
        files.removeXattr(ROOT, f, attribute);
        files.setXattr(ROOT, f, attribute, new byte[7], XattrMode.ANY);
        try (FileHold hold = files.hold(f, FileHold.Kind.OPEN)) {
            unlink(ROOT, top, "longer");
            unlink(ROOT, top, "another");
            assertEquals(2 * INODE + XATTR + 6 + 7, files.statistics().bytesUsed());
        }
        settle(files);
        assertEquals(empty, files.statistics());
    }

    @Test
    void deallocationMakesZerosAndFreesWholeChunks() throws Exception {
        InodeId f = file(top, "f");
        byte[] data = filled(4 * CHUNK, 7);
        write(ROOT, f, 0, data);
        Timestamp now = clock.tick();
        files.deallocate(ROOT, f, DataAccess.CHECKED_NOW, CHUNK - 10, 2L * CHUNK + 20);
        Arrays.fill(data, CHUNK - 10, 3 * CHUNK + 10, (byte) 0);
        assertArrayEquals(data, read(ROOT, f, 0, data.length));
        assertEquals(4L * CHUNK, stat(f).size());
        assertEquals(2L * CHUNK, stat(f).allocatedBytes());
        assertEquals(now, stat(f).modified());
    }

    @Test
    void deallocationEndsAtTheEndOfTheFile() throws Exception {
        InodeId f = file(top, "f");
        write(f, 0, "0123456789");
        files.deallocate(ROOT, f, DataAccess.CHECKED_NOW, 4, -1);
        assertEquals("0123\0\0\0\0\0\0", text(f, 0, 100));
        files.deallocate(ROOT, f, DataAccess.CHECKED_NOW, 0, 10);
        assertEquals(0, stat(f).allocatedBytes());
        files.deallocate(ROOT, f, DataAccess.CHECKED_NOW, 10, 10);
        files.deallocate(ROOT, f, DataAccess.CHECKED_NOW, 0, 0);
        assertEquals(10, stat(f).size());
    }

    @Test
    void extentsAreRunsOfDataAndHoles() throws Exception {
        InodeId f = file(top, "f");
        assertNull(files.extentAt(f, 0, Long.MAX_VALUE));
        write(ROOT, f, 2L * CHUNK, filled(2 * CHUNK, 1));
        truncate(ROOT, f, 10L * CHUNK + 5);
        assertEquals(new Extent(0, 2L * CHUNK, true), files.extentAt(f, 0, Long.MAX_VALUE));
        assertEquals(new Extent(7, 2L * CHUNK - 7, true), files.extentAt(f, 7, Long.MAX_VALUE));
        assertEquals(new Extent(2L * CHUNK, 2L * CHUNK, false), files.extentAt(f, 2L * CHUNK, Long.MAX_VALUE));
        assertEquals(new Extent(3L * CHUNK + 1, CHUNK - 1, false), files.extentAt(f, 3L * CHUNK + 1, Long.MAX_VALUE));
        assertEquals(new Extent(4L * CHUNK, 6L * CHUNK + 5, true), files.extentAt(f, 4L * CHUNK, Long.MAX_VALUE));
        assertNull(files.extentAt(f, 10L * CHUNK + 5, Long.MAX_VALUE));
        assertEquals(new Extent(7, CHUNK, true), files.extentAt(f, 7, CHUNK));
        assertEquals(new Extent(3L * CHUNK, 1, false), files.extentAt(f, 3L * CHUNK, 1));
        assertEquals(new Extent(CHUNK, CHUNK, true), files.extentAt(f, CHUNK, CHUNK + 1));
        InodeId dense = file(top, "dense");
        write(ROOT, dense, 0, filled(CHUNK + 1, 1));
        assertEquals(new Extent(3, CHUNK - 2, false), files.extentAt(dense, 3, Long.MAX_VALUE));
    }

    @Test
    void aBarrierCompletes() throws Exception {
        write(file(top, "f"), 0, "x");
        files.barrier().get();
    }

    private static byte[] pattern(int length) {
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++) {
            data[i] = (byte) (i ^ i >> 8 ^ i >> 16);
        }
        return data;
    }
}
