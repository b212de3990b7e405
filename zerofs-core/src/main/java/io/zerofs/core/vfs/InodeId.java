// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * Identity of a file over the whole life of a volume.
 *
 * @param number the inode number, 48 bits, the same through every hard link; 1 is the root
 * @param generation the writer epoch that created the inode. A crash may undo a creation and a later epoch use the
 *     number again; the generation tells the two apart, so that an old handle is stale and never names another file.
 */
public record InodeId(long number, long generation) {
    /** The largest inode number. */
    public static final long NUMBER_MAX = (1L << 48) - 1;

    /** The inode number of the root directory. */
    public static final long ROOT_NUMBER = 1;
}
