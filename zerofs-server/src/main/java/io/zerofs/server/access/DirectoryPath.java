// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.access;

import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.VirtualFileSystem;
import java.util.Arrays;

/** The path of the directory that a client mounts or attaches, or that the operator exports. */
public final class DirectoryPath {
    private DirectoryPath() {}

    /**
     * Walks a path from the root and returns the attributes of its directory. Permissions do not apply here, because a
     * mount chooses the directory for all its users; they apply to each file. Does not follow symlinks, because clients
     * interpret them.
     *
     * @param path names between slashes; empty ones are left out
     * @throws FsException NOT_FOUND, or NOT_DIRECTORY if a name of the path is no directory
     */
    public static Attributes resolve(VirtualFileSystem files, byte[] path) throws FsException {
        Attributes at = files.getAttributes(files.root());
        int start = 0;
        for (int end = 0; end <= path.length; end++) {
            if (end < path.length && path[end] != '/') {
                continue;
            }
            if (end > start) {
                at = files.lookup(Credentials.ROOT, at.id(), FileName.of(Arrays.copyOfRange(path, start, end)));
                if (at.kind() != FileKind.DIRECTORY) {
                    throw FsError.NOT_DIRECTORY.exception();
                }
            }
            start = end + 1;
        }
        return at;
    }
}
