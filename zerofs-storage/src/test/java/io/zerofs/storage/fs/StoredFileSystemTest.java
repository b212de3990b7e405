// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.format.Keys;
import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.random.Seeds;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.volume.Batch;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A file system in a store survives the death of its process, and each end checks it. */
final class StoredFileSystemTest {
    private final LifecycleFixture fixture = new LifecycleFixture();

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    private static StoredFileSystem open(Process process) throws Exception {
        return StoredFileSystem.open(process.open().volume, InstantSource.system());
    }

    private static InodeId create(StoredFileSystem stored, String name) throws FsException {
        return stored.files
                .create(Credentials.ROOT, stored.files.root(), FileName.of(name), NewNode.file(0644))
                .node()
                .id();
    }

    @Test
    void aConfirmedFileSurvivesTheDeathOfItsProcessAndARemovalContinues() throws Exception {
        Seeds.run(seed -> {
            byte[] data = new byte[600_000];
            new SplittableRandom(seed).nextBytes(data);
            Process first = fixture.process();
            StoredFileSystem stored = open(first);
            InodeId kept = create(stored, "kept");
            stored.files.write(Credentials.ROOT, kept, DataAccess.CHECKED_NOW, 0, ByteBuffer.wrap(data));
            stored.files.hold(create(stored, "removed"), FileHold.Kind.OPEN);
            stored.files.remove(Credentials.ROOT, stored.files.root(), FileName.of("removed"), RemoveMode.ANY);
            stored.files.barrier().join();
            create(stored, "unconfirmed");
            stored.crash();
            first.kill();

            Process second = fixture.process();
            try (StoredFileSystem after = open(second)) {
                ByteBuffer read = ByteBuffer.allocate(data.length);
                after.files.read(Credentials.ROOT, kept, DataAccess.CHECKED_NOW, 0, read);
                assertEquals(ByteBuffer.wrap(data), read.flip());
                FsException missing = assertThrows(
                        FsException.class,
                        () -> after.files.lookup(Credentials.ROOT, after.files.root(), FileName.of("unconfirmed")));
                assertEquals(FsError.NOT_FOUND, missing.error());
                after.check();
                assertEquals(2, after.files.statistics().inodesUsed(), "root and kept");
            }
            second.shutDown();
        });
    }

    @Test
    void aBrokenFileSystemIsFoundWhenItCloses() throws Exception {
        Process process = fixture.process();
        StoredFileSystem stored = open(process);
        Batch batch = stored.volume.newBatch();
        batch.delete(Keys.inode(create(stored, "lost").number()));
        stored.volume.apply(batch);
        AssertionError found = assertThrows(AssertionError.class, stored::close);
        assertTrue(found.getMessage().contains("has a name in directory 1 and no readable record"), found.getMessage());
    }

    @Test
    void anUncheckedVolumeIsFoundAtTheEndOfTheTest() throws Exception {
        open(fixture.process());
        AssertionError found = assertThrows(AssertionError.class, () -> new CheckedFileSystems().afterEach(null));
        assertTrue(found.getMessage().contains("neither checked"), found.getMessage());
    }
}
