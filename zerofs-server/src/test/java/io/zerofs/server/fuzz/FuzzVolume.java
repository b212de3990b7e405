// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.fuzz;

import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.fs.FileSystemSettings;
import io.zerofs.core.fs.ZeroFileSystem;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.volume.MemoryVolume;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.List;

/** A small file system in memory that fuzz targets may do anything to; a new one takes its place now and then. */
public final class FuzzVolume {
    private static final int INPUTS_MAX = 2_000;

    private final MemoryVolume volume = new MemoryVolume();
    private final ZeroFileSystem files;
    private final List<InodeId> inodes;
    private int inputs;

    private FuzzVolume() throws Exception {
        files = CheckedFileSystems.open(
                volume, FileSystemSettings.DEFAULTS.withQuotaBytes(1L << 30), InstantSource.system());
        Credentials root = Credentials.ROOT;
        InodeId directory = make(files.root(), "dir", NewNode.directory(0755));
        InodeId file = make(files.root(), "file", NewNode.file(0644));
        files.write(root, file, DataAccess.CHECKED_NOW, 0, ByteBuffer.wrap(new byte[5000]));
        InodeId export = make(make(files.root(), ".nbd", NewNode.directory(0755)), "disk0", NewNode.file(0644));
        files.write(root, export, DataAccess.CHECKED_NOW, 1 << 20, ByteBuffer.wrap(new byte[1]));
        inodes = List.of(files.root(), directory, file);
    }

    private InodeId make(InodeId parent, String name, NewNode node) throws Exception {
        return files.create(Credentials.ROOT, parent, FileName.of(name), node)
                .node()
                .id();
    }

    /** The volume for the next input: {@code last}, or a new one if that is worn out or null. */
    public static FuzzVolume next(FuzzVolume last) throws Exception {
        if (last != null && last.inputs++ < INPUTS_MAX) {
            return last;
        }
        if (last != null) {
            last.files.close();
            CheckedFileSystems.check(last.volume); // Jazzer has no end of a test.
        }
        return new FuzzVolume();
    }

    public ZeroFileSystem files() {
        return files;
    }

    /** The root, a directory and a file, as they were in the beginning. */
    public List<InodeId> inodes() {
        return inodes;
    }
}
