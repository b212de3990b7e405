// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;

/** ftype3 (RFC 1813 §2.6), in the order of the numbers, which begin with 1. */
public enum FileType3 {
    REGULAR,
    DIRECTORY,
    BLOCK_DEVICE,
    CHARACTER_DEVICE,
    SYMLINK,
    SOCKET,
    FIFO;

    private static final FileType3[] BY_NUMBER = values();

    public int code() {
        return ordinal() + 1;
    }

    static FileType3 read(XdrReader in) throws MalformedMessageException {
        int code = in.readInt();
        if (code < 1 || code > BY_NUMBER.length) {
            throw new MalformedMessageException("file type " + Integer.toUnsignedString(code));
        }
        return BY_NUMBER[code - 1];
    }
}
