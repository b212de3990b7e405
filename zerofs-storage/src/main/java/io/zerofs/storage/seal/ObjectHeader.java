// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import io.zerofs.storage.bytes.ByteReader;
import io.zerofs.storage.bytes.CorruptObjectException;
import java.nio.ByteBuffer;

/**
 * The header of every sealed object, in clear. It is associated data of every piece, so any change is noticed.
 *
 * <pre>
 *  0        4      6    7    8        12         16         24         32
 *  +--------+------+----+----+--------+----------+----------+----------+
 *  | "ZFSo" | u16  | u8 | u8 | u32    | u32      | u64      | u64      |
 *  | magic  | vers |kind| 0  | key id | 0        | epoch    | number   |
 *  +--------+------+----+----+--------+----------+----------+----------+
 *  32                                 64         72         80
 *  +----------------------------------+----------+----------+
 *  | bytes[32]                        | u64      | u64      |
 *  | salt                             | head     | data     |
 *  +----------------------------------+----------+----------+
 * </pre>
 *
 * @param epoch the epoch of the writer; of a fence, the claiming epoch
 * @param number commit seq, manifest version or table number
 * @param headLength stored bytes of the sealed section after the header
 * @param dataLength stored bytes after that section
 */
public record ObjectHeader(
        ObjectKind kind, int keyId, long epoch, long number, Salt salt, long headLength, long dataLength) {
    public static final int BYTES = 80;

    /** The key of a new volume. A rotation would add others. */
    public static final int FIRST_KEY_ID = 1;

    /** Maximum length of head or data. A longer one is damage. */
    public static final long PART_BYTES_MAX = 1L << 32;

    static final int MAGIC = 0x5a46536f;
    private static final String POSITION = "header";

    public ObjectHeader {
        if (epoch < 0 || number < 0 || !isPartLength(headLength) || !isPartLength(dataLength)) {
            throw new IllegalArgumentException("a field of the header is out of range");
        }
    }

    /** Returns the bytes of the whole object. */
    public long objectLength() {
        return BYTES + headLength + dataLength;
    }

    /** Returns the offset in the object of the part after the head. */
    public long dataOffset() {
        return BYTES + headLength;
    }

    public void write(ByteBuffer to) {
        to.putInt(MAGIC)
                .putShort((short) FormatVersion.CURRENT.number())
                .put((byte) kind.code())
                .put((byte) 0)
                .putInt(keyId)
                .putInt(0)
                .putLong(epoch)
                .putLong(number);
        salt.write(to);
        to.putLong(headLength).putLong(dataLength);
    }

    /** Reads {@link #BYTES} bytes and advances the buffer. The header is not authenticated until a piece was opened. */
    public static ObjectHeader read(ByteBuffer from, String object) throws CorruptObjectException {
        if (from.remaining() < BYTES) {
            throw foreign(object, "it ends within its header");
        }
        ByteReader reader = new ByteReader(from, object, POSITION);
        if (reader.u32() != MAGIC) {
            throw foreign(object, "it does not begin as objects of ZeroFS do");
        }
        int version = reader.u16();
        if (version != FormatVersion.CURRENT.number()) {
            throw reader.corrupt("format " + version + ", but this program reads format "
                    + FormatVersion.CURRENT.number() + ": it is damaged, or from a newer ZeroFS");
        }
        ObjectKind kind = ObjectKind.ofCode(reader.u8());
        reader.require(kind != null, "unknown kind of object");
        reader.require(reader.u8() == 0, "reserved byte is not zero");
        int keyId = (int) reader.u32();
        reader.require(reader.u32() == 0, "reserved bytes are not zero");
        long epoch = reader.u63();
        long number = reader.u63();
        Salt salt = Salt.read(reader);
        long headLength = reader.u63();
        long dataLength = reader.u63();
        reader.require(isPartLength(headLength) && isPartLength(dataLength), "impossible lengths");
        return new ObjectHeader(kind, keyId, epoch, number, salt, headLength, dataLength);
    }

    /** Returns the failure for an object with one of our names that cannot be ours. A person has to act. */
    public static CorruptObjectException foreign(String object, String why) {
        return CorruptObjectException.foreign(
                object,
                POSITION,
                why + "; restore it from a backup if it was damaged, or delete it if another program wrote it");
    }

    private static boolean isPartLength(long length) {
        return length >= 0 && length <= PART_BYTES_MAX;
    }
}
