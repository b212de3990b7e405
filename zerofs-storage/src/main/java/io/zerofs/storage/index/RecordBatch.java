// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import io.zerofs.core.volume.VolumeException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Puts and deletes in the common form of the log and RocksDB. So the engine writes a batch once, and both have the same
 * bytes. One thread fills it.
 *
 * <pre>
 * u64 zero                  RocksDB fills in its sequence number; not part of the log
 * u32 count                 little-endian
 * count records:
 *   u8 tag                  0 delete, 1 put
 *   varint length, key
 *   varint length, value    only with put
 * </pre>
 *
 * The form is RocksDB's WriteBatch with only these two record types. Varints are base 128, least significant group first.
 */
public final class RecordBatch {
    /** Bytes before the part that goes into the log. */
    public static final int LOG_OFFSET = Long.BYTES;

    private static final int HEADER_BYTES = LOG_OFFSET + Integer.BYTES;
    private static final byte DELETE = 0;
    private static final byte PUT = 1;
    private static final int VARINT_BYTES_MAX = 5;
    private static final int INITIAL_BYTES = 256;

    private byte[] bytes = new byte[INITIAL_BYTES];
    private int end = HEADER_BYTES;
    private int count;

    public void put(byte[] key, byte[] value) {
        ensure(1 + VARINT_BYTES_MAX + key.length + VARINT_BYTES_MAX + value.length);
        bytes[end++] = PUT;
        append(key);
        append(value);
        count++;
    }

    public void delete(byte[] key) {
        ensure(1 + VARINT_BYTES_MAX + key.length);
        bytes[end++] = DELETE;
        append(key);
        count++;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    /** Returns the bytes so far, header included. */
    public int size() {
        return end;
    }

    /** Returns the batch as a new array. The caller may add records and call this again. */
    public byte[] toBytes() {
        byte[] whole = Arrays.copyOf(bytes, end);
        for (int i = 0; i < Integer.BYTES; i++) {
            whole[LOG_OFFSET + i] = (byte) (count >>> (Byte.SIZE * i));
        }
        return whole;
    }

    /**
     * Returns a batch from a log in RocksDB's form. Checks every length, because RocksDB would apply the front part of a
     * malformed batch.
     *
     * @param logged from position to limit the bytes after {@link #LOG_OFFSET} of the written batch
     */
    public static byte[] fromLog(ByteBuffer logged) throws VolumeException {
        byte[] whole = new byte[LOG_OFFSET + logged.remaining()];
        logged.duplicate().get(whole, LOG_OFFSET, logged.remaining());
        if (whole.length < HEADER_BYTES || !isWellFormed(whole)) {
            throw new VolumeException(VolumeException.Kind.CORRUPT, "a batch in the log is malformed");
        }
        return whole;
    }

    private static boolean isWellFormed(byte[] whole) {
        long count = 0;
        for (int i = 0; i < Integer.BYTES; i++) {
            count |= (whole[LOG_OFFSET + i] & 0xFFL) << (Byte.SIZE * i);
        }
        ByteBuffer rest = ByteBuffer.wrap(whole, HEADER_BYTES, whole.length - HEADER_BYTES);
        for (; count > 0; count--) {
            if (!rest.hasRemaining()) {
                return false;
            }
            byte tag = rest.get();
            if ((tag != PUT && tag != DELETE) || !skip(rest) || (tag == PUT && !skip(rest))) {
                return false;
            }
        }
        return !rest.hasRemaining();
    }

    private static boolean skip(ByteBuffer rest) {
        long length = 0;
        for (int shift = 0; shift < VARINT_BYTES_MAX * 7; shift += 7) {
            if (!rest.hasRemaining()) {
                return false;
            }
            byte group = rest.get();
            length |= (group & 0x7FL) << shift;
            if (group >= 0) {
                if (length > rest.remaining()) {
                    return false;
                }
                rest.position(rest.position() + (int) length);
                return true;
            }
        }
        return false;
    }

    private void append(byte[] field) {
        int length = field.length;
        while (length > 0x7F) {
            bytes[end++] = (byte) (length | 0x80);
            length >>>= 7;
        }
        bytes[end++] = (byte) length;
        System.arraycopy(field, 0, bytes, end, field.length);
        end += field.length;
    }

    private void ensure(int more) {
        if (bytes.length - end < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, Math.addExact(end, more)));
        }
    }
}
