// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

/** Why the volume could not do it, named by what the caller does next. Never carries contents, names or keys. */
public final class VolumeException extends Exception {
    /** What the caller does next. */
    public enum Kind {
        /** The store does not answer or refuses for now: an I/O error to the client, the volume goes on. */
        UNAVAILABLE,
        /** Another writer owns the volume: fail everything, stop the daemon. */
        FENCED,
        /** Stored bytes are damaged or missing: an I/O error for what they hold. */
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
