// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.MalformedMessageException;

/**
 * A request of the transmission phase without its payload ("Request message").
 *
 * <pre>
 *  0      4       6      8        16       24      28
 *  | magic | flags | type | cookie | offset | length | payload of a WRITE
 * </pre>
 *
 * @param command command that the client requests
 * @param flags bits of {@link CommandFlag}, also unknown ones
 * @param cookie chosen by the client, repeated in the reply
 * @param offset first byte in the export, unsigned
 * @param length bytes, 0 to 2³² - 1
 */
public record NbdRequest(NbdCommand command, int flags, long cookie, long offset, long length) {
    public static final int HEADER_BYTES = 28;
    static final int MAGIC = 0x25609513;

    /** Reads {@link #HEADER_BYTES} bytes, which must be there. A wrong magic means that the stream has lost its framing. */
    public static NbdRequest decode(ByteBuf in) throws MalformedMessageException {
        int magic = in.readInt();
        int flags = in.readUnsignedShort();
        int type = in.readUnsignedShort();
        if (magic != MAGIC) {
            throw new MalformedMessageException("request magic is 0x" + Integer.toHexString(magic));
        }
        return new NbdRequest(NbdCommand.of(type), flags, in.readLong(), in.readLong(), in.readUnsignedInt());
    }

    public boolean has(CommandFlag flag) {
        return flag.isIn(flags);
    }

    /** Returns the number of bytes after the header. */
    public long payloadBytes() {
        return command == NbdCommand.WRITE ? length : 0;
    }
}
