// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import io.zerofs.core.vfs.FileKind;

/** The persisted code of each kind of file. A code never gets a second meaning. */
final class FileKinds {
    private static final FileKind[] BY_CODE = {
        null,
        FileKind.REGULAR,
        FileKind.DIRECTORY,
        FileKind.SYMLINK,
        FileKind.FIFO,
        FileKind.SOCKET,
        FileKind.CHARACTER_DEVICE,
        FileKind.BLOCK_DEVICE
    };

    private FileKinds() {}

    static int code(FileKind kind) {
        return switch (kind) {
            case REGULAR -> 1;
            case DIRECTORY -> 2;
            case SYMLINK -> 3;
            case FIFO -> 4;
            case SOCKET -> 5;
            case CHARACTER_DEVICE -> 6;
            case BLOCK_DEVICE -> 7;
        };
    }

    static FileKind ofCode(int code) throws RecordFormatException {
        if (code < 1 || code >= BY_CODE.length) {
            throw new RecordFormatException("unknown kind of file " + code);
        }
        return BY_CODE[code];
    }
}
