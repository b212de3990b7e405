// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import io.zerofs.server.bytes.XdrWriter;

/**
 * wcc_data (RFC 1813 §2.6): attributes before and after an operation, taken atomically with it, so that a client sees
 * whether another one changed the file meanwhile.
 *
 * @param before null if unknown
 * @param after null if unknown
 */
public record WccData(Before before, Fattr3 after) {
    public static final WccData UNKNOWN = new WccData(null, null);

    /** Maximum bytes of both parts together. */
    static final int BYTES_MAX = Integer.BYTES + Before.BYTES + Integer.BYTES + Fattr3.BYTES;

    /** wcc_attr. */
    public record Before(long size, NfsTime3 modified, NfsTime3 changed) {
        static final int BYTES = Long.BYTES + 2 * NfsTime3.BYTES;
    }

    void write(XdrWriter out) {
        out.writeBoolean(before != null);
        if (before != null) {
            out.writeLong(before.size);
            before.modified.write(out);
            before.changed.write(out);
        }
        Fattr3.writeOptional(out, after);
    }
}
