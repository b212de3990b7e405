// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.zerofs.cli.config.ConfigLoader;
import io.zerofs.cli.config.Environment;
import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.fs.ZeroFileSystem;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.access.OpenSnapshots;
import io.zerofs.server.access.SnapshotFiles;
import io.zerofs.storage.VolumeOpener;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.recovery.OpenProgress;
import io.zerofs.storage.recovery.OpenSettings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of a snapshot of a running volume, as {@code /.snapshots} shows them. */
class DaemonSnapshotsTest {
    private static final Credentials ROOT = Credentials.ROOT;
    private static final DataAccess NOW = DataAccess.CHECKED_NOW;

    @TempDir
    Path directory;

    private ZerofsConfig config() throws Exception {
        Path file = Files.writeString(directory.resolve("zerofs.toml"), """
                [cache]
                dir = "%1$s/cache"
                [storage]
                url = "file://%1$s/store"
                encryption_password = "secret"
                [servers.nfs]
                """.formatted(directory));
        Environment environment = name -> Optional.empty();
        return new ConfigLoader(environment).load(file);
    }

    private static Attributes at(VirtualFileSystem files, String... path) throws FsException {
        Attributes found = files.getAttributes(files.root());
        for (String each : path) {
            found = files.lookup(ROOT, found.id(), FileName.of(each));
        }
        return found;
    }

    private static String read(VirtualFileSystem files, InodeId file) throws FsException {
        ByteBuffer bytes = ByteBuffer.allocate(100);
        files.read(ROOT, file, NOW, 0, bytes);
        return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void filesAreAsTheyWereUntilTheSnapshotIsDeleted() throws Exception {
        ZerofsConfig config = config();
        try (StoreConnection connection = StoreConnection.open(config.storage().url(), config);
                StorageVolume volume = VolumeOpener.open(
                        connection.store(),
                        config.storage().encryptionPassword(),
                        OpenSettings.DEFAULT,
                        config.gc().settings(),
                        config.cache().dir(),
                        OpenProgress.SILENT);
                DaemonSnapshots source = new DaemonSnapshots(volume, connection.store(), config);
                OpenSnapshots open = new OpenSnapshots(source);
                ZeroFileSystem live = CheckedFileSystems.open(volume)) {
            SnapshotFiles files = new SnapshotFiles(live, open);
            InodeId file = files.create(ROOT, files.root(), FileName.of("file"), NewNode.file(0644))
                    .node()
                    .id();
            files.write(ROOT, file, NOW, 0, bytes("one"));
            volume.snapshots().create("first");
            files.write(ROOT, file, NOW, 0, bytes("two"));
            InodeId first = at(files, ".snapshots", "first", "file").id();
            assertEquals("one", read(files, first));
            assertEquals("two", read(files, file));
            volume.snapshots().delete("first");
            assertEquals(
                    FsError.STALE,
                    assertThrows(FsException.class, () -> read(files, first)).error());
            volume.snapshots().create("first");
            assertEquals(
                    "two", read(files, at(files, ".snapshots", "first", "file").id()));
            assertEquals(
                    FsError.STALE,
                    assertThrows(FsException.class, () -> read(files, first)).error());
            CheckedFileSystems.check(volume);
        }
        try (Stream<Path> left = Files.list(config.cache().dir())) {
            assertEquals(
                    0,
                    left.filter(path -> path.getFileName().toString().startsWith("reader-"))
                            .count());
        }
    }
}
