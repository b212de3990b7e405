// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.volume.VolumeException;

/** Translates failures of the volume to errors of the file system. */
final class VolumeErrors {
    private VolumeErrors() {}

    static FsException of(VolumeException e) {
        FsError error = switch (e.kind()) {
            case UNAVAILABLE, FENCED, CORRUPT, DISK, CLOSED -> FsError.IO;
            case NO_SPACE -> FsError.NO_SPACE;
            case READ_ONLY -> FsError.READ_ONLY;
        };
        return error.exception(e.kind() + ", " + e.getMessage(), e);
    }

    static FsException of(RecordFormatException e, String what, long number) {
        return FsError.IO.exception(what + " " + number + ": " + e.getMessage(), e);
    }
}
