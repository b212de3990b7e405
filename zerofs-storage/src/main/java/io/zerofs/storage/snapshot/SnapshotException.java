// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.snapshot;

/** The list of snapshots did not change, or its change is unknown. The message is for the operator. */
public final class SnapshotException extends Exception {
    /** The operator's next step. */
    public enum Kind {
        /** Choose another name. */
        INVALID,
        /** Choose a free name, or delete the snapshot that has it. */
        EXISTS,
        /** Name a snapshot of the list. */
        MISSING,
        /** Delete snapshots. */
        TOO_MANY,
        /** Try again: the store fails, or the volume stops. */
        UNAVAILABLE
    }

    private final Kind kind;

    SnapshotException(Kind kind, String message) {
        this(kind, message, null);
    }

    SnapshotException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
