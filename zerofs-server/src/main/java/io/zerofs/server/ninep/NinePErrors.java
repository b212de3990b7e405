// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.FsError;
import io.zerofs.server.ninep.wire.Errno;

/** Maps the errors of the file system to the error numbers that a 9P client gets. */
public final class NinePErrors {
    private NinePErrors() {}

    public static Errno of(FsError error) {
        return switch (error) {
            case NOT_PERMITTED -> Errno.EPERM;
            case NOT_FOUND -> Errno.ENOENT;
            case IO -> Errno.EIO;
            case ACCESS_DENIED -> Errno.EACCES;
            case BUSY -> Errno.EBUSY;
            case EXISTS -> Errno.EEXIST;
            case CROSS_DEVICE -> Errno.EXDEV;
            case NOT_DIRECTORY -> Errno.ENOTDIR;
            case IS_DIRECTORY -> Errno.EISDIR;
            // For getdents(2), a position that the server never returned is invalid like one out of range.
            case INVALID, BAD_COOKIE -> Errno.EINVAL;
            case FILE_TOO_LARGE -> Errno.EFBIG;
            case NO_SPACE -> Errno.ENOSPC;
            case READ_ONLY -> Errno.EROFS;
            case TOO_MANY_LINKS -> Errno.EMLINK;
            case NAME_TOO_LONG -> Errno.ENAMETOOLONG;
            case NOT_EMPTY -> Errno.ENOTEMPTY;
            case LOOP -> Errno.ELOOP;
            case STALE -> Errno.ESTALE;
            case NO_ATTRIBUTE -> Errno.ENODATA;
            case ATTRIBUTE_TOO_LARGE -> Errno.ERANGE;
            case NOT_SUPPORTED -> Errno.EOPNOTSUPP;
            // 9P has no guarded change: NOT_SYNC is here only to make the switch total.
            case NOT_SYNC, TRY_AGAIN -> Errno.EAGAIN;
        };
    }
}
