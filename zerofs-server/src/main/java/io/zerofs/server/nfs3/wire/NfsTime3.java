// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;
import io.zerofs.server.bytes.XdrWriter;

/**
 * nfstime3 (RFC 1813 §2.6).
 *
 * @param seconds since 1970, unsigned: ends in February 2106
 * @param nanos 0 to 999,999,999
 */
public record NfsTime3(int seconds, int nanos) {
    public static final int BYTES = 8;
    private static final int NANOS_MAX = 999_999_999;

    static NfsTime3 read(XdrReader in) throws MalformedMessageException {
        int seconds = in.readInt();
        int nanos = in.readInt();
        if (nanos < 0 || nanos > NANOS_MAX) {
            throw new MalformedMessageException("nanoseconds " + Integer.toUnsignedString(nanos));
        }
        return new NfsTime3(seconds, nanos);
    }

    void write(XdrWriter out) {
        out.writeInt(seconds).writeInt(nanos);
    }
}
