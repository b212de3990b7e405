// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** Keeps an inode alive after its last name is gone. Closing is idempotent and never fails; any thread may close. */
public interface FileHold extends AutoCloseable {
    /** Why the inode is held. */
    enum Kind {
        /** An open file: it may be unlinked, renamed and resized meanwhile. */
        OPEN,
        /** A connected block device: removal, renaming and change of size are refused with BUSY. */
        DEVICE,
        /** The directory of a connected block device: removal and renaming are refused with BUSY. */
        DEVICE_DIRECTORY
    }

    InodeId inode();

    @Override
    void close();
}
