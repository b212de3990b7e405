// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

/** The kind of a slot's content. A code never gets a second meaning. */
public enum FrameKind {
    /** No content: the slot lost its reference while the commit was open. */
    CLOSED(0),
    /** A whole chunk, trailing zeros trimmed. */
    FULL(1),
    /** Byte ranges that overwrite part of a chunk. */
    DELTA(2);

    private final int code;

    FrameKind(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    /** Returns the kind with this code, or null. */
    static FrameKind ofCode(int code) {
        return switch (code) {
            case 0 -> CLOSED;
            case 1 -> FULL;
            case 2 -> DELTA;
            default -> null;
        };
    }
}
