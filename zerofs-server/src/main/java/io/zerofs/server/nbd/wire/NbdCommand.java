// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

/** Commands of the transmission phase ("Request types"). */
public enum NbdCommand {
    READ(0, CommandFlag.FUA, CommandFlag.DF),
    WRITE(1, CommandFlag.FUA),
    DISC(2, CommandFlag.FUA),
    FLUSH(3, CommandFlag.FUA),
    TRIM(4, CommandFlag.FUA),
    CACHE(5, CommandFlag.FUA),
    WRITE_ZEROES(6, CommandFlag.FUA, CommandFlag.NO_HOLE, CommandFlag.FAST_ZERO),
    BLOCK_STATUS(7, CommandFlag.FUA, CommandFlag.REQ_ONE),
    /** An extension that never became part of the protocol. */
    RESIZE(8),
    /** Any number that the protocol does not define. */
    UNKNOWN(-1);

    private static final NbdCommand[] BY_CODE = {
        READ, WRITE, DISC, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS, RESIZE
    };

    private final int code;
    private final int flags;

    NbdCommand(int code, CommandFlag... flags) {
        this.code = code;
        int mask = 0;
        for (CommandFlag flag : flags) {
            mask |= flag.mask();
        }
        this.flags = mask;
    }

    public int code() {
        return code;
    }

    /** Returns whether the command may carry these flags, after any negotiation. */
    public boolean takes(int commandFlags) {
        return (commandFlags & ~flags) == 0;
    }

    /** Returns the command of this unsigned 16-bit number. */
    public static NbdCommand of(int code) {
        return code < BY_CODE.length ? BY_CODE[code] : UNKNOWN;
    }
}
