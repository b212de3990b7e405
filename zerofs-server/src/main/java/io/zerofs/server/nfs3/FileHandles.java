// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * File handles: they name a file for as long as the volume exists, on whatever machine it is served. Immutable.
 *
 * <pre>
 *  0        1        4                20               28               36        40
 * +---------+--------+----------------+----------------+----------------+---------+
 * | version | zeros  | volume UUID    | inode number   | generation     | CRC-32C |
 * +---------+--------+----------------+----------------+----------------+---------+
 * </pre>
 *
 * <p>The checksum finds damage, not forgery: with AUTH_SYS a client that can invent handles can as well claim to be any
 * user, and every inode can be reached from the root that everybody may mount.
 */
final class FileHandles {
    private static final byte VERSION = 1;
    private static final int UUID_OFFSET = 4;
    private static final int NUMBER_OFFSET = UUID_OFFSET + 2 * Long.BYTES;
    private static final int GENERATION_OFFSET = NUMBER_OFFSET + Long.BYTES;
    private static final int CHECK_OFFSET = GENERATION_OFFSET + Long.BYTES;

    /** Length of a handle. */
    static final int BYTES = CHECK_OFFSET + Integer.BYTES;

    private final UUID volume;

    FileHandles(UUID volume) {
        this.volume = volume;
    }

    byte[] encode(InodeId inode) {
        byte[] handle = new byte[BYTES];
        ByteBuffer.wrap(handle)
                .put(0, VERSION)
                .putLong(UUID_OFFSET, volume.getMostSignificantBits())
                .putLong(UUID_OFFSET + Long.BYTES, volume.getLeastSignificantBits())
                .putLong(NUMBER_OFFSET, inode.number())
                .putLong(GENERATION_OFFSET, inode.generation())
                .putInt(CHECK_OFFSET, checksum(handle));
        return handle;
    }

    /** Whether these bytes are a handle that this version of the format could have given, for any volume. */
    static boolean isValid(byte[] handle) {
        return handle.length == BYTES
                && handle[0] == VERSION
                && ByteBuffer.wrap(handle).getInt(CHECK_OFFSET) == checksum(handle);
    }

    /**
     * The inode that a valid handle names.
     *
     * @throws FsException STALE if it belongs to another volume
     */
    InodeId decode(byte[] handle) throws FsException {
        ByteBuffer in = ByteBuffer.wrap(handle);
        if (in.getLong(UUID_OFFSET) != volume.getMostSignificantBits()
                || in.getLong(UUID_OFFSET + Long.BYTES) != volume.getLeastSignificantBits()) {
            throw FsError.STALE.exception();
        }
        return new InodeId(in.getLong(NUMBER_OFFSET), in.getLong(GENERATION_OFFSET));
    }

    private static int checksum(byte[] handle) {
        CRC32C crc = new CRC32C();
        crc.update(handle, 0, CHECK_OFFSET);
        return (int) crc.getValue();
    }
}
