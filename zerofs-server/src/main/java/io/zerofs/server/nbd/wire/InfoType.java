// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

/** Facts about an export that INFO and GO may ask for (NBD_REP_INFO). */
public enum InfoType {
    EXPORT(0),
    NAME(1),
    DESCRIPTION(2),
    BLOCK_SIZE(3);

    private static final InfoType[] VALUES = values();

    private final int code;

    InfoType(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    /** Returns the type of this number, or null: a server ignores requests for information that it does not know. */
    public static InfoType of(int code) {
        for (InfoType type : VALUES) {
            if (type.code == code) {
                return type;
            }
        }
        return null;
    }
}
