// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

/** Bits of a request ("Command flags"). {@link NbdCommand} has the flags of each command. */
public enum CommandFlag {
    /** Answers when the command's change is durable. Valid, but without effect, on commands that change nothing. */
    FUA(0),
    NO_HOLE(1),
    /** Does not fragment the answer to a read. */
    DF(2),
    /** Requests one extent only. */
    REQ_ONE(3),
    /** Zeros at once, without the cost of writing, or fails. */
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
