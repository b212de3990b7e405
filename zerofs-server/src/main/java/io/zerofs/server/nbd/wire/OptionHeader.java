// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.MalformedMessageException;

/**
 * The header before the data of an option: {@code u64 magic, u32 option, u32 length}.
 *
 * @param code number of the option, also unknown ones
 * @param dataBytes length of the data that follows, 0 to 2³² - 1
 */
public record OptionHeader(int code, long dataBytes) {
    public static final int BYTES = 16;

    /** "IHAVEOPT". */
    static final long MAGIC = 0x49484156454f5054L;

    /** Reads {@link #BYTES} bytes, which must be there. */
    public static OptionHeader decode(ByteBuf in) throws MalformedMessageException {
        long magic = in.readLong();
        if (magic != MAGIC) {
            throw new MalformedMessageException("option magic is 0x" + Long.toHexString(magic));
        }
        return new OptionHeader(in.readInt(), in.readUnsignedInt());
    }
}
