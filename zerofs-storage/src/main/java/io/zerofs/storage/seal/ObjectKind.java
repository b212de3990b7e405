// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

/** What an object is; the byte stands in its header and is never given a second meaning. */
public enum ObjectKind {
    COMMIT(1, "commit"),
    FENCE(2, "commit"),
    MANIFEST(3, "manifest"),
    TABLE(4, "table");

    private final int code;
    private final String purpose;

    ObjectKind(int code, String purpose) {
        this.code = code;
        this.purpose = purpose;
    }

    public int code() {
        return code;
    }

    /** What the object's key is derived for. */
    String purpose() {
        return purpose;
    }

    /** The kind with this code, or null. */
    static ObjectKind ofCode(int code) {
        for (ObjectKind kind : values()) {
            if (kind.code == code) {
                return kind;
            }
        }
        return null;
    }
}
