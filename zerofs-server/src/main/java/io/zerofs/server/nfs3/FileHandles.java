// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.UUID;
import java.util.zip.CRC32C;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * File handles: they name a file as long as the volume exists, on any machine that serves it. Immutable.
 *
 * <pre>
 *  0        1        4                20               28               36        40
 * +---------+--------+----------------+----------------+----------------+---------+
 * | version | zeros  | volume UUID    | inode number   | generation     | CRC-32C |
 * +---------+--------+----------------+----------------+----------------+---------+
 * </pre>
 *
 * <p>The checksum finds damage, not forgery. With AUTH_SYS, a client that can invent handles can as well claim to be any
 * user. Besides, every client may mount the root and can reach every inode from there.
 *
 * <p>If the server exports only a directory, the version is 2, and 16 bytes of HMAC-SHA-256 replace the checksum. The
 * key depends on the volume's secret and the directory, so a client has only the handles that the server returned.
 */
final class FileHandles {
    private static final byte VERSION = 1;
    private static final byte VERSION_OF_PART = 2;
    private static final String MAC = "HmacSHA256";
    private static final int UUID_OFFSET = 4;
    private static final int NUMBER_OFFSET = UUID_OFFSET + 2 * Long.BYTES;
    private static final int GENERATION_OFFSET = NUMBER_OFFSET + Long.BYTES;
    private static final int CHECK_OFFSET = GENERATION_OFFSET + Long.BYTES;

    /** Length of a handle in bytes. */
    static final int BYTES = CHECK_OFFSET + Integer.BYTES;

    /** Length of a handle in bytes if the server exports only a directory. */
    static final int BYTES_OF_PART = CHECK_OFFSET + 16;

    private final UUID volume;

    /** A template to copy, because it is not thread-safe; null if the server exports the whole volume. */
    private final Mac mac;

    FileHandles(UUID volume) {
        this(volume, null);
    }

    private FileHandles(UUID volume, Mac mac) {
        this.volume = volume;
        this.mac = mac;
    }

    /** Returns handles that are valid for one exported directory only. */
    static FileHandles ofPart(UUID volume, InodeId root, byte[] secret) {
        try {
            Mac mac = Mac.getInstance(MAC);
            mac.init(new SecretKeySpec(secret, MAC));
            ByteBuffer part = ByteBuffer.allocate(2 * Long.BYTES);
            byte[] key = mac.doFinal(
                    part.putLong(root.number()).putLong(root.generation()).array());
            mac.init(new SecretKeySpec(key, MAC));
            return new FileHandles(volume, mac);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + MAC, e);
        }
    }

    byte[] encode(InodeId inode) {
        byte[] handle = new byte[mac == null ? BYTES : BYTES_OF_PART];
        ByteBuffer.wrap(handle)
                .put(0, mac == null ? VERSION : VERSION_OF_PART)
                .putLong(UUID_OFFSET, volume.getMostSignificantBits())
                .putLong(UUID_OFFSET + Long.BYTES, volume.getLeastSignificantBits())
                .putLong(NUMBER_OFFSET, inode.number())
                .putLong(GENERATION_OFFSET, inode.generation());
        byte[] check = check(handle);
        System.arraycopy(check, 0, handle, CHECK_OFFSET, check.length);
        return handle;
    }

    /** Returns whether these bytes are a handle that this server could have returned, for any volume. */
    boolean isValid(byte[] handle) {
        return handle.length == (mac == null ? BYTES : BYTES_OF_PART)
                && handle[0] == (mac == null ? VERSION : VERSION_OF_PART)
                && MessageDigest.isEqual(check(handle), Arrays.copyOfRange(handle, CHECK_OFFSET, handle.length));
    }

    /**
     * Returns the inode that a valid handle names.
     *
     * @throws FsException STALE if the handle belongs to another volume
     */
    InodeId decode(byte[] handle) throws FsException {
        ByteBuffer in = ByteBuffer.wrap(handle);
        if (in.getLong(UUID_OFFSET) != volume.getMostSignificantBits()
                || in.getLong(UUID_OFFSET + Long.BYTES) != volume.getLeastSignificantBits()) {
            throw FsError.STALE.exception();
        }
        return new InodeId(in.getLong(NUMBER_OFFSET), in.getLong(GENERATION_OFFSET));
    }

    private byte[] check(byte[] handle) {
        if (mac == null) {
            CRC32C crc = new CRC32C();
            crc.update(handle, 0, CHECK_OFFSET);
            return ByteBuffer.allocate(Integer.BYTES)
                    .putInt((int) crc.getValue())
                    .array();
        }
        try {
            Mac copy = (Mac) mac.clone();
            copy.update(handle, 0, CHECK_OFFSET);
            return Arrays.copyOf(copy.doFinal(), BYTES_OF_PART - CHECK_OFFSET);
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("Java's own " + MAC + " can be copied", e);
        }
    }
}
