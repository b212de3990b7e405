// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.format.Keys;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.MemoryVolume;
import org.junit.jupiter.api.Test;

/** The check after each test finds broken file systems, and takes place. */
final class CheckedFileSystemsTest {
    private final MemoryVolume volume = new MemoryVolume();

    /** Makes a file whose inode is missing. */
    private void breakFileSystem(ZeroFileSystem files) throws Exception {
        InodeId lost = files.create(Credentials.ROOT, files.root(), FileName.of("lost"), NewNode.file(0644))
                .node()
                .id();
        Batch batch = volume.newBatch();
        batch.delete(Keys.inode(lost.number()));
        volume.apply(batch);
    }

    private static void assertFound() {
        AssertionError found = assertThrows(AssertionError.class, CheckedFileSystems::checkOpened);
        assertTrue(found.getMessage().contains("has a name in directory 1 and no readable record"), found.getMessage());
        assertDoesNotThrow(CheckedFileSystems::checkOpened, "found once");
    }

    @Test
    void aBrokenFileSystemIsFoundWhileItIsOpen() throws Exception {
        try (ZeroFileSystem files = CheckedFileSystems.open(volume)) {
            breakFileSystem(files);
            assertFound();
        }
    }

    @Test
    void aBrokenFileSystemIsFoundAfterItWasClosed() throws Exception {
        try (ZeroFileSystem files = CheckedFileSystems.open(volume)) {
            breakFileSystem(files);
        }
        volume.close();
        assertFound();
    }

    @Test
    void aBrokenFileSystemIsFoundAfterACrash() throws Exception {
        try (ZeroFileSystem files = CheckedFileSystems.open(new FaultyVolume(volume))) {
            breakFileSystem(files);
            files.barrier().join();
        }
        volume.reopen();
        assertFound();
    }

    @Test
    void withoutACheckThereMustBeAReason() {
        assertThrows(IllegalArgumentException.class, () -> CheckedFileSystems.openUnchecked(volume, " "));
    }
}
