// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

/** Bits of a request ("Command flags"). Which of them a command takes stands at {@link NbdCommand}. */
public enum CommandFlag {
    /** Answer when what the command wrote is in the store. Valid, and without effect, on what writes nothing. */
    FUA(0),
    NO_HOLE(1),
    /** Do not fragment the answer to a read. */
    DF(2),
    /** One extent only. */
    REQ_ONE(3),
    /** Zero at once, without the cost of writing, or fail. */
    FAST_ZERO(4),
    PAYLOAD_LEN(5);

    private final int mask;

    CommandFlag(int bit) {
        mask = 1 << bit;
    }

    public int mask() {
        return mask;
    }

    public boolean isIn(int flags) {
        return (flags & mask) != 0;
    }
}
