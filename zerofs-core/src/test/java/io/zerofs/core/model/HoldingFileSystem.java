// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.VirtualFileSystem;

/** A file system whose holds are ended by name, so that the end of a hold is an operation that can be repeated. */
interface HoldingFileSystem extends VirtualFileSystem {
    /** Ends one hold of this kind, which exists. */
    void release(InodeId inode, FileHold.Kind kind);
}
