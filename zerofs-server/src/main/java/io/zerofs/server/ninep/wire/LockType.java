// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

import io.zerofs.server.bytes.MalformedMessageException;

/** Kinds of byte-range locks; the ordinal is the byte on the wire (P9_LOCK_TYPE_*). */
public enum LockType {
    READ,
    WRITE,
    UNLOCK;

    private static final LockType[] BY_CODE = values();

    static LockType ofCode(int code) throws MalformedMessageException {
        if (code >= BY_CODE.length) {
            throw new MalformedMessageException("lock type " + code);
        }
        return BY_CODE[code];
    }
}
