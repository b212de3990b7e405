// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

/** A failure of the volume. The caller's next step names each kind. Never has contents, names or keys. */
public final class VolumeException extends Exception {
    /** The caller's next step. */
    public enum Kind {
        /** The store does not answer or refuses for now: an I/O error to the client; the volume continues. */
        UNAVAILABLE,
        /** Another writer owns the volume: fail everything, stop the daemon. */
        FENCED,
        /** Stored bytes are damaged or missing: an I/O error for their data. */
        CORRUPT,
        /** The local disk is full: ENOSPC. */
        NO_SPACE,
        /** The local disk fails: the volume stopped itself, and a new start needs a directory that works. */
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
