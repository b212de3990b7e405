// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * The attributes that stat(2) returns for an inode.
 *
 * @param id identity
 * @param kind kind of file
 * @param mode permission bits, 07777
 * @param links hard links; a directory counts itself, its name and the {@code ..} of each subdirectory
 * @param uid owner, an unsigned 32-bit number
 * @param gid group, an unsigned 32-bit number
 * @param size bytes, unsigned 64-bit; length of the target for a symlink
 * @param allocatedBytes bytes that count against the quota, without holes; unsigned
 * @param device of a device node, else {@link DeviceNumber#NONE}
 * @param accessed atime
 * @param modified mtime
 * @param changed ctime
 * @param created birth time
 */
public record Attributes(
        InodeId id,
        FileKind kind,
        int mode,
        int links,
        int uid,
        int gid,
        long size,
        long allocatedBytes,
        DeviceNumber device,
        Timestamp accessed,
        Timestamp modified,
        Timestamp changed,
        Timestamp created) {
    /** Mask of all bits that chmod(2) sets. */
    public static final int PERMISSION_BITS = 07777;
}
