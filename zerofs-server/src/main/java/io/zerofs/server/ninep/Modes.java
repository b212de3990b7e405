// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.FileKind;
import io.zerofs.server.ninep.wire.Errno;

/** Kinds of files as Linux writes them into modes and directory entries. */
final class Modes {
    private static final int KIND_BITS = 0170000;

    /** Bits between the kind in a mode and the type of a directory entry, which is the kind shifted right (IFTODT). */
    private static final int ENTRY_TYPE_SHIFT = 12;

    private Modes() {}

    /** Returns the bits of {@code st_mode} for a kind. */
    static int kindBits(FileKind kind) {
        return switch (kind) {
            case FIFO -> 0010000;
            case CHARACTER_DEVICE -> 0020000;
            case DIRECTORY -> 0040000;
            case BLOCK_DEVICE -> 0060000;
            case REGULAR -> 0100000;
            case SYMLINK -> 0120000;
            case SOCKET -> 0140000;
        };
    }

    /** Returns the {@code d_type} of a directory entry. */
    static int entryType(FileKind kind) {
        return kindBits(kind) >> ENTRY_TYPE_SHIFT;
    }

    /** Returns the kind in a mode. A mode without a kind is a regular file (mknod(2)); an unknown kind is EINVAL. */
    static FileKind kind(int mode) {
        int bits = mode & KIND_BITS;
        if (bits == 0) {
            return FileKind.REGULAR;
        }
        for (FileKind kind : FileKind.values()) {
            if (kindBits(kind) == bits) {
                return kind;
            }
        }
        throw new ErrnoException(Errno.EINVAL);
    }
}
