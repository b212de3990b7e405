// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

/** The options of the negotiation ("Option types"). */
public enum NbdOption {
    EXPORT_NAME(1),
    ABORT(2),
    LIST(3),
    /** Withdrawn from the protocol. */
    PEEK_EXPORT(4),
    STARTTLS(5),
    INFO(6),
    GO(7),
    STRUCTURED_REPLY(8),
    LIST_META_CONTEXT(9),
    SET_META_CONTEXT(10),
    EXTENDED_HEADERS(11);

    private static final NbdOption[] VALUES = values();

    private final int code;

    NbdOption(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    /** Returns the option of this number, or null. */
    public static NbdOption of(int code) {
        for (NbdOption option : VALUES) {
            if (option.code == code) {
                return option;
            }
        }
        return null;
    }
}
