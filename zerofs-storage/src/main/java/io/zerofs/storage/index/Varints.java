// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import io.zerofs.core.volume.VolumeException;
import java.nio.ByteBuffer;

/** Unsigned numbers in groups of seven bits, least significant first, the highest bit set in all groups but the last. */
final class Varints {
    static final int BYTES_MAX = 10;

    private Varints() {}

    static void put(ByteBuffer out, long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.put((byte) (rest | 0x80));
            rest >>>= 7;
        }
        out.put((byte) rest);
    }

    /** @param what the record with the number, for the message */
    static long get(ByteBuffer in, String what) throws VolumeException {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE && in.hasRemaining(); shift += 7) {
            byte group = in.get();
            value |= (group & 0x7FL) << shift;
            if (group >= 0) {
                return value;
            }
        }
        throw malformed(what);
    }

    static VolumeException malformed(String what) {
        return new VolumeException(VolumeException.Kind.CORRUPT, what + " in the local index is malformed");
    }
}
