// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;

/**
 * stable_how (RFC 1813 §3.3.7): the durability that a write needs, or that it has reached. In the order of the numbers.
 */
public enum StableHow {
    UNSTABLE,
    DATA_SYNC,
    FILE_SYNC;

    private static final StableHow[] BY_NUMBER = values();

    public int code() {
        return ordinal();
    }

    static StableHow read(XdrReader in) throws MalformedMessageException {
        int code = in.readInt();
        if (code < 0 || code >= BY_NUMBER.length) {
            throw new MalformedMessageException("stable_how " + Integer.toUnsignedString(code));
        }
        return BY_NUMBER[code];
    }
}
