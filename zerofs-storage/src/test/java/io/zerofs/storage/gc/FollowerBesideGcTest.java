// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.fs.FileSystemSettings;
import io.zerofs.core.fs.ReadOnlyFileSystem;
import io.zerofs.core.model.TreeComparison;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.ManualClock;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.storage.fs.StoredFileSystem;
import io.zerofs.storage.recovery.Following;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** A follower beside a garbage collector without a grace period. */
class FollowerBesideGcTest {
    private static final Credentials ROOT = Credentials.ROOT;
    private static final int FILE_BYTES = 300_000;

    private static byte[] content(int round) {
        byte[] content = new byte[FILE_BYTES];
        Arrays.fill(content, (byte) ('a' + round));
        return content;
    }

    private static byte[] read(VirtualFileSystem files, InodeId file) throws Exception {
        ByteBuffer bytes = ByteBuffer.allocate(FILE_BYTES);
        files.read(ROOT, file, DataAccess.CHECKED_NOW, 0, bytes);
        return bytes.array();
    }

    @Test
    void readersOfDataThatIsGoneReadANewerState() throws Exception {
        try (LifecycleFixture fixture = new LifecycleFixture()) {
            Process process = fixture.process().open();
            GcFixture gc = new GcFixture(process, GcFixture.SETTINGS.withGrace(Duration.ZERO));
            StoredFileSystem writer = StoredFileSystem.open(process.volume, new ManualClock());
            InodeId file = writer.files
                    .create(ROOT, writer.files.root(), FileName.of("file"), NewNode.file(0644))
                    .node()
                    .id();
            writer.files.write(ROOT, file, DataAccess.CHECKED_NOW, 0, ByteBuffer.wrap(content(0)));
            process.barrier();
            AtomicReference<ReadOnlyFileSystem> shown = new AtomicReference<>();
            AtomicReference<Following> looking = new AtomicReference<>();
            try (Following following = new Following(
                    fixture.bucket, fixture.newDirectory(), next -> shown.get().show(next))) {
                looking.set(following);
                shown.set(new ReadOnlyFileSystem(
                        following.follower.first(),
                        FileSystemSettings.DEFAULTS,
                        () -> looking.get().hurry()));
                for (int round = 1; round < 5; round++) {
                    writer.files.write(ROOT, file, DataAccess.CHECKED_NOW, 0, ByteBuffer.wrap(content(round)));
                    process.barrier();
                    GcFixture.settle(process, gc);
                    byte[] seen = read(shown.get(), file);
                    // The page cache may have all of an older state, but not of the first one.
                    assertArrayEquals(content(round == 1 ? 1 : seen[0] - 'a'), seen);
                    following.hurry();
                    assertArrayEquals(content(round), read(shown.get(), file));
                }
                writer.files.remove(ROOT, writer.files.root(), FileName.of("file"), RemoveMode.ANY);
                writer.files.awaitRemovals();
                process.barrier();
                GcFixture.settle(process, gc);
                while (following.look() < Duration.ofSeconds(10).toNanos()) {}
                TreeComparison.assertSame(writer.files, shown.get());
                assertEquals(0, following.follower.statistics().failures());
                shown.get().close();
            }
            writer.close();
        }
    }
}
