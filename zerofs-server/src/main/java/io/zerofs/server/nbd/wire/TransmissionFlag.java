// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

/** The features of an export ("Transmission flags"). */
public enum TransmissionFlag {
    HAS_FLAGS(0),
    READ_ONLY(1),
    SEND_FLUSH(2),
    SEND_FUA(3),
    ROTATIONAL(4),
    SEND_TRIM(5),
    SEND_WRITE_ZEROES(6),
    SEND_DF(7),
    CAN_MULTI_CONN(8),
    SEND_RESIZE(9),
    SEND_CACHE(10),
    SEND_FAST_ZERO(11),
    BLOCK_STATUS_PAYLOAD(12);

    private final int mask;

    TransmissionFlag(int bit) {
        mask = 1 << bit;
    }

    public int mask() {
        return mask;
    }

    public boolean isIn(int flags) {
        return (flags & mask) != 0;
    }
}
