// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** The kind of an inode. The persisted code of each constant is fixed in {@code core.format}. */
public enum FileKind {
    REGULAR,
    DIRECTORY,
    SYMLINK,
    FIFO,
    SOCKET,
    CHARACTER_DEVICE,
    BLOCK_DEVICE
}
