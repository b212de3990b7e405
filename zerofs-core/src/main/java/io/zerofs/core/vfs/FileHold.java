// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** Keeps an inode after its last name is gone. Closing is idempotent and never fails; any thread may close. */
public interface FileHold extends AutoCloseable {
    /** The reason for a hold. */
    enum Kind {
        /** An open file: clients may unlink, rename and resize it meanwhile. */
        OPEN,
        /** A connected block device: removal, renaming and resizing fail with BUSY. */
        DEVICE,
        /** The directory of a connected block device: removal and renaming fail with BUSY. */
        DEVICE_DIRECTORY
    }

    InodeId inode();

    @Override
    void close();
}
