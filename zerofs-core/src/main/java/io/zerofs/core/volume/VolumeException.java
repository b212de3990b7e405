// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

/** A failure of the volume. Its kinds differ by the caller's next step. Never has contents, names or keys. */
public final class VolumeException extends Exception {
    /** The caller's next step. */
    public enum Kind {
        /** The store does not answer or refuses for now: the client gets an I/O error; the volume continues. */
        UNAVAILABLE,
        /** Another writer owns the volume: every operation fails, and the daemon stops. */
        FENCED,
        /** Stored bytes are damaged or missing: reads of their data get an I/O error. */
        CORRUPT,
        /** The local disk is full: ENOSPC. */
        NO_SPACE,
        /** The volume was opened for reading only: every change fails with EROFS, reads work. */
        READ_ONLY,
        /** The local disk fails: the volume stopped itself, and a new start needs a working local directory. */
        DISK,
        /** The volume is closed or stopped itself after an internal error. */
        CLOSED
    }

    private final Kind kind;

    public VolumeException(Kind kind, String message) {
        this(kind, message, null);
    }

    public VolumeException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
