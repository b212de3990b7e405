// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DirectoryEntry;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.VirtualFileSystem;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Compares two file systems: every attribute, name, cookie, extended attribute and byte of the whole tree. */
public final class TreeComparison {
    private static final int PIECE_BYTES = 1 << 20;

    private final VirtualFileSystem expected;
    private final VirtualFileSystem actual;

    private TreeComparison(VirtualFileSystem expected, VirtualFileSystem actual) {
        this.expected = expected;
        this.actual = actual;
    }

    /** Fails where the second differs from the first. Both must have the same inode numbers. */
    public static void assertSame(VirtualFileSystem expected, VirtualFileSystem actual) throws FsException {
        assertEquals(expected.statistics(), actual.statistics());
        new TreeComparison(expected, actual).compare(expected.root(), "/");
    }

    /** Fails where the second differs from the first below a directory. */
    public static void assertSameBelow(InodeId directory, VirtualFileSystem expected, VirtualFileSystem actual)
            throws FsException {
        new TreeComparison(expected, actual).compare(directory, "/");
    }

    private void compare(InodeId id, String path) throws FsException {
        Attributes attributes = expected.getAttributes(id);
        assertEquals(attributes, actual.getAttributes(id), path);
        compareXattrs(id, path);
        switch (attributes.kind()) {
            case DIRECTORY -> compareDirectories(id, path);
            case REGULAR -> compareBytes(attributes, path);
            case SYMLINK -> assertArrayEquals(expected.readLink(id), actual.readLink(id), path);
            case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> {}
        }
    }

    private void compareDirectories(InodeId id, String path) throws FsException {
        List<DirectoryEntry> entries = entries(expected, id);
        assertEquals(entries, entries(actual, id), path);
        for (DirectoryEntry entry : entries) {
            String child = path + entry.name();
            boolean dots = entry.name().isDot() || entry.name().isDotDot();
            assertEquals(
                    expected.lookup(Credentials.ROOT, id, entry.name()),
                    actual.lookup(Credentials.ROOT, id, entry.name()),
                    child);
            if (!dots) {
                compare(entry.attributes().id(), entry.kind() == FileKind.DIRECTORY ? child + "/" : child);
            }
        }
    }

    private static List<DirectoryEntry> entries(VirtualFileSystem files, InodeId id) throws FsException {
        List<DirectoryEntry> entries = new ArrayList<>();
        files.list(Credentials.ROOT, id, 0, true, entries::add);
        return entries;
    }

    private void compareBytes(Attributes file, String path) throws FsException {
        for (long at = 0; Long.compareUnsigned(at, file.size()) < 0; ) {
            var extent = expected.extentAt(file.id(), at, Long.MAX_VALUE);
            assertEquals(extent, actual.extentAt(file.id(), at, Long.MAX_VALUE), path);
            long end = extent.offset() + extent.length();
            while (!extent.hole() && at != end) {
                int count = (int) Math.min(PIECE_BYTES, end - at);
                assertArrayEquals(bytes(expected, file.id(), at, count), bytes(actual, file.id(), at, count), path);
                at += count;
            }
            at = end;
        }
    }

    private static byte[] bytes(VirtualFileSystem files, InodeId id, long offset, int count) throws FsException {
        ByteBuffer destination = ByteBuffer.allocate(count);
        files.read(Credentials.ROOT, id, DataAccess.CHECKED_NOW, offset, destination);
        return destination.array();
    }

    private void compareXattrs(InodeId id, String path) throws FsException {
        List<FileName> names = expected.listXattrs(Credentials.ROOT, id);
        assertEquals(names, actual.listXattrs(Credentials.ROOT, id), path);
        for (FileName name : names) {
            assertArrayEquals(
                    expected.getXattr(Credentials.ROOT, id, name), actual.getXattr(Credentials.ROOT, id, name), path);
        }
    }
}
