// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.FsStatistics;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.vfs.XattrMode;
import io.zerofs.core.volume.MemoryVolume;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Limits that the model does not know. */
final class LimitsTest {
    private static final int CHUNK = VirtualFileSystem.CHUNK_BYTES;
    private static final FileSystemSettings DEFAULTS = FileSystemSettings.DEFAULTS;

    /** Four chunks, the root, and two files whose names have one letter. */
    private static final long QUOTA = 4L * CHUNK + 128 + 2 * (128 + 64 + 2);

    private MemoryVolume volume;
    private ZeroFileSystem files = open(DEFAULTS);
    private final InodeId top = files.root();

    /** Opens a new volume. */
    private ZeroFileSystem open(FileSystemSettings settings) {
        try {
            volume = new MemoryVolume();
            return CheckedFileSystems.open(volume, settings, InstantSource.system());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void close() {
        files.close();
    }

    @Test
    void aNewRootIsAsTheSettingsSay() throws Exception {
        files.close();
        files = open(DEFAULTS.withRoot(new FileSystemSettings.Root(1000, 100, 01770)));
        assertEquals(1000, files.getAttributes(files.root()).uid());
        assertEquals(100, files.getAttributes(files.root()).gid());
        assertEquals(01770, files.getAttributes(files.root()).mode());
    }

    @Test
    void aFileHasUpTo65535Names() throws Exception {
        InodeId file = create("f", NewNode.file(0644));
        for (int i = 1; i < VirtualFileSystem.LINKS_MAX; i++) {
            files.link(Credentials.ROOT, file, top, FileName.of("l" + i));
        }
        assertEquals(65_535, files.getAttributes(file).links());
        assertFails(FsError.TOO_MANY_LINKS, () -> files.link(Credentials.ROOT, file, top, FileName.of("one-too-many")));
    }

    @Test
    void aDirectoryHasUpTo65533Subdirectories() throws Exception {
        for (int i = 0; i < 65_533; i++) {
            create("d" + i, NewNode.directory(0755));
        }
        assertEquals(65_535, files.getAttributes(top).links());
        assertFails(FsError.TOO_MANY_LINKS, () -> create("one-too-many", NewNode.directory(0755)));
        InodeId d0 = files.lookup(Credentials.ROOT, top, FileName.of("d0")).id();
        files.create(Credentials.ROOT, d0, FileName.of("s"), NewNode.directory(0755));
        FileName name = FileName.of("s");
        assertFails(FsError.TOO_MANY_LINKS, () -> files.rename(Credentials.ROOT, d0, name, top, name));
        create("file", NewNode.file(0644));
    }

    @Test
    void aDirectoryIsNotMovedBelow16384Others() throws Exception {
        InodeId deepest = create("d", NewNode.directory(0755));
        FileName name = FileName.of("d");
        InodeId highest = create("moved", NewNode.directory(0755));
        for (int i = 1; i < VirtualFileSystem.MOVE_DEPTH_MAX; i++) {
            deepest = files.create(Credentials.ROOT, deepest, name, NewNode.directory(0755))
                    .node()
                    .id();
        }
        InodeId last = deepest;
        InodeId beyond = files.create(Credentials.ROOT, last, name, NewNode.directory(0755))
                .node()
                .id();
        FileName moved = FileName.of("moved");
        assertFails(FsError.NAME_TOO_LONG, () -> files.rename(Credentials.ROOT, top, moved, beyond, moved));
        files.rename(Credentials.ROOT, top, moved, last, moved);
        assertEquals(
                last, files.lookup(Credentials.ROOT, highest, FileName.of("..")).id());
        // Files go where they like, and directories come back from anywhere.
        create("file", NewNode.file(0644));
        files.rename(Credentials.ROOT, top, FileName.of("file"), beyond, FileName.of("file"));
        files.rename(Credentials.ROOT, last, name, top, FileName.of("back"));
    }

    @Test
    void thereAreNoMoreInodesThanAllowed() throws Exception {
        files.close();
        files = open(DEFAULTS.withInodesMax(3));
        create("f", NewNode.file(0644));
        create("g", NewNode.directory(0755));
        assertFails(FsError.NO_SPACE, () -> create("h", NewNode.symlink(new byte[] {'t'})));
        assertEquals(3, files.statistics().inodesMax());
        assertEquals(3, files.statistics().inodesUsed());
        files.link(Credentials.ROOT, lookup("f"), top, FileName.of("link"));
        assertFails(FsError.NO_SPACE, () -> create("h", NewNode.file(0644)));
        files.remove(Credentials.ROOT, top, FileName.of("g"), RemoveMode.ANY);
        create("h", NewNode.file(0644));
    }

    @Test
    void namesAndAttributesCountAgainstTheQuota() throws Exception {
        files.close();
        files = open(DEFAULTS.withQuotaBytes(100_000));
        String long200 = "n".repeat(200);
        FsStatistics empty = files.statistics();
        int names = untilFull(i -> create(long200 + i, NewNode.file(0644)));
        assertEquals(files.statistics().bytesMax() / 600, names, 10);
        empty();
        untilFull(i -> create("l" + i, NewNode.symlink(new byte[4000])));
        empty();
        InodeId file = create("f", NewNode.file(0644));
        untilFull(i -> files.link(Credentials.ROOT, file, top, FileName.of(long200 + i)));
        untilFull(i -> files.setXattr(Credentials.ROOT, file, FileName.of("user." + i), new byte[3000], XattrMode.ANY));
        empty();
        InodeId other = create("f", NewNode.file(0644));
        int attributes = untilFull(
                i -> files.setXattr(Credentials.ROOT, other, FileName.of("user." + i), new byte[3000], XattrMode.ANY));
        assertEquals(100_000 / 3074, attributes, 1);
        // Operations that need no space succeed on a full volume, too.
        files.setXattr(Credentials.ROOT, other, FileName.of("user.0"), new byte[2000], XattrMode.ANY);
        files.rename(Credentials.ROOT, top, FileName.of("f"), top, FileName.of("g"));
        empty();
        assertEquals(empty, files.statistics());
    }

    /** Makes one more of something. */
    private interface Step {
        void run(int number) throws FsException;
    }

    /** Repeats the step until NO_SPACE comes, and returns the number of steps. */
    private int untilFull(Step step) throws FsException {
        for (int i = 0; i < 10_000; i++) {
            FsStatistics before = files.statistics();
            try {
                step.run(i);
            } catch (FsException e) {
                assertEquals(FsError.NO_SPACE, e.error());
                assertEquals(before, files.statistics());
                return i;
            }
            assertTrue(files.statistics().bytesUsed() <= files.statistics().bytesMax());
        }
        return fail("never full");
    }

    private void empty() throws Exception {
        List<FileName> names = new ArrayList<>();
        files.list(Credentials.ROOT, top, 2, false, entry -> names.add(entry.name()));
        for (FileName name : names) {
            files.remove(Credentials.ROOT, top, name, RemoveMode.ANY);
        }
        files.awaitRemovals();
    }

    private InodeId lookup(String name) throws FsException {
        return files.lookup(Credentials.ROOT, top, FileName.of(name)).id();
    }

    @Test
    void beyondTheQuotaNothingIsWritten() throws Exception {
        files.close();
        files = open(DEFAULTS.withQuotaBytes(QUOTA));
        InodeId file = create("f", NewNode.file(0644));
        write(file, 0, 3 * CHUNK);
        InodeId other = create("g", NewNode.file(0644));
        FsStatistics before = files.statistics();
        assertEquals(QUOTA, before.bytesMax());
        assertFails(FsError.NO_SPACE, () -> write(other, 0, 2 * CHUNK));
        assertEquals(before, files.statistics());
        assertEquals(0, files.getAttributes(other).size());
        write(other, 0, CHUNK);
        write(file, 0, 3 * CHUNK);
        assertFails(FsError.NO_SPACE, () -> write(other, 10L * CHUNK, 1));
        files.remove(Credentials.ROOT, top, FileName.of("f"), RemoveMode.FILE);
        write(other, 10L * CHUNK, CHUNK);
    }

    private InodeId create(String name, NewNode node) throws FsException {
        return files.create(Credentials.ROOT, top, FileName.of(name), node)
                .node()
                .id();
    }

    private void write(InodeId file, long offset, int length) throws FsException {
        files.write(Credentials.ROOT, file, DataAccess.CHECKED_NOW, offset, ByteBuffer.allocate(length));
    }

    private static void assertFails(FsError expected, Executable operation) {
        assertEquals(expected, assertThrows(FsException.class, operation).error());
    }
}
