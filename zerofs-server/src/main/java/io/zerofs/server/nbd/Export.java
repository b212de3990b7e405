// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.zerofs.core.vfs.InodeId;
import io.zerofs.server.nbd.wire.TransmissionFlag;

/**
 * A file in {@code /.nbd} as a client sees it.
 *
 * @param name name of the file
 * @param inode identity
 * @param size bytes, 0 to 2⁶³ - 1
 * @param readOnly whether no permission bit of the file allows writing
 */
record Export(String name, InodeId inode, long size, boolean readOnly) {
    private static final int ALWAYS = TransmissionFlag.HAS_FLAGS.mask()
            | TransmissionFlag.SEND_FLUSH.mask()
            | TransmissionFlag.SEND_FUA.mask()
            | TransmissionFlag.SEND_CACHE.mask()
            | TransmissionFlag.CAN_MULTI_CONN.mask();
    private static final int WRITABLE = TransmissionFlag.SEND_TRIM.mask()
            | TransmissionFlag.SEND_WRITE_ZEROES.mask()
            | TransmissionFlag.SEND_FAST_ZERO.mask();

    int transmissionFlags(boolean structuredReplies) {
        return ALWAYS
                | (readOnly ? TransmissionFlag.READ_ONLY.mask() : WRITABLE)
                | (structuredReplies ? TransmissionFlag.SEND_DF.mask() : 0);
    }
}
