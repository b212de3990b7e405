// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/**
 * The reason why an operation failed, in POSIX terms. Each protocol maps every constant to its own status in one total
 * switch. The names follow errno(3); the comments explain the less obvious ones.
 */
public enum FsError {
    /** EPERM: the caller is not the owner or lacks the privilege. */
    NOT_PERMITTED,
    /** ENOENT */
    NOT_FOUND,
    /** EIO: the store or the local cache failed, or data is damaged. */
    IO,
    /** EACCES: the permission bits refuse. */
    ACCESS_DENIED,
    /** EBUSY: a connected block device may not be resized, renamed or removed. */
    BUSY,
    /** EEXIST */
    EXISTS,
    /** EXDEV */
    CROSS_DEVICE,
    /** ENOTDIR */
    NOT_DIRECTORY,
    /** EISDIR */
    IS_DIRECTORY,
    /** EINVAL */
    INVALID,
    /** EFBIG */
    FILE_TOO_LARGE,
    /** ENOSPC: quota, or the local disk is full. */
    NO_SPACE,
    /** EROFS */
    READ_ONLY,
    /** EMLINK */
    TOO_MANY_LINKS,
    /** ENAMETOOLONG */
    NAME_TOO_LONG,
    /** ENOTEMPTY */
    NOT_EMPTY,
    /** ELOOP: for example a read through the handle of a symlink. */
    LOOP,
    /** ESTALE: the inode is gone, or its number now belongs to another generation. */
    STALE,
    /** ENODATA: no such extended attribute. */
    NO_ATTRIBUTE,
    /** ERANGE: an extended attribute is larger than allowed. */
    ATTRIBUTE_TOO_LARGE,
    /** The guard of a conditional attribute change does not match (NFS3ERR_NOT_SYNC). */
    NOT_SYNC,
    /** EBADCOOKIE: a directory position that this file system never returned. */
    BAD_COOKIE,
    /** EOPNOTSUPP */
    NOT_SUPPORTED,
    /** EAGAIN: try later, for example while a limit is reached. */
    TRY_AGAIN;

    private final FsException withoutDetail = new FsException(this, null, null);

    /** Returns the exception for an expected outcome; shared, without stack trace. */
    public FsException exception() {
        return withoutDetail;
    }

    /** Returns an exception with an explanation for logs: ids, offsets, sizes; never names, contents or keys. */
    public FsException exception(String detail, Throwable cause) {
        return new FsException(this, detail, cause);
    }
}
