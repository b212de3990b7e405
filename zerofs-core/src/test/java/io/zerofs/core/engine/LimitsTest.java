// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

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
import io.zerofs.core.volume.MemoryVolume;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Limits that the model does not know. */
final class LimitsTest {
    private static final int CHUNK = VirtualFileSystem.CHUNK_BYTES;
    private static final long QUOTA = 4L * CHUNK;

    private final ZeroFileSystem files = open();
    private final InodeId top = files.root();

    private static ZeroFileSystem open() {
        try {
            FileSystemSettings settings = FileSystemSettings.DEFAULTS.withQuotaBytes(QUOTA);
            return ZeroFileSystem.open(new MemoryVolume(), settings, InstantSource.system());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void close() {
        files.close();
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
    void beyondTheQuotaNothingIsWritten() throws Exception {
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
