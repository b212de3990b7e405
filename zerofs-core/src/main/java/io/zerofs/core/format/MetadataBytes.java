// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import io.zerofs.core.vfs.FileName;

/**
 * The bytes that records count against the quota: about their bytes in index and log. They depend on nothing but the
 * record, so that the sum over a volume can be checked.
 */
public final class MetadataBytes {
    private static final int INODE = 128;
    private static final int ENTRY = 64;
    private static final int XATTR = 64;

    private MetadataBytes() {}

    /** Returns the bytes of an inode: its record, and the target of a symlink. */
    public static long of(InodeRecord inode) {
        return INODE + (inode.content() instanceof InodeContent.Symlink symlink ? symlink.target().length : 0);
    }

    /** Returns the bytes of a name in a directory, which is stored twice. */
    public static long ofEntry(FileName name) {
        return ENTRY + 2L * name.length();
    }

    /** Returns the bytes of an extended attribute. */
    public static long ofXattr(FileName name, int valueBytes) {
        return XATTR + name.length() + valueBytes;
    }
}
