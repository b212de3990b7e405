// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

/** Bits that server and client exchange before the first option; the client's have the same positions. */
public enum HandshakeFlag {
    FIXED_NEWSTYLE(0),
    /** Leaves out the 124 zero bytes that end the answer to EXPORT_NAME. */
    NO_ZEROES(1);

    private final int mask;

    HandshakeFlag(int bit) {
        mask = 1 << bit;
    }

    public int mask() {
        return mask;
    }

    public boolean isIn(int flags) {
        return (flags & mask) != 0;
    }
}
