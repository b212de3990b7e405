// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.InodeId;

/** A hold of a client of the model. */
final class ModelHold implements FileHold {
    private final ModelFileSystem files;
    private final InodeId inode;
    private final Kind kind;
    private boolean closed;

    ModelHold(ModelFileSystem files, InodeId inode, Kind kind) {
        this.files = files;
        this.inode = inode;
        this.kind = kind;
    }

    @Override
    public InodeId inode() {
        return inode;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            files.release(inode, kind);
        }
    }
}
