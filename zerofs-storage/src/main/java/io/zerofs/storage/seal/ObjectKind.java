// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

/** The kind of an object. Its header has the code, which never gets a second meaning. */
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

    /** Returns the purpose in the derivation of the object's key. */
    String purpose() {
        return purpose;
    }

    /** Returns the kind with this code, or null. */
    static ObjectKind ofCode(int code) {
        for (ObjectKind kind : values()) {
            if (kind.code == code) {
                return kind;
            }
        }
        return null;
    }
}
