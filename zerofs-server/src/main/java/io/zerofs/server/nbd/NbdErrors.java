// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.zerofs.core.vfs.FsError;
import io.zerofs.server.nbd.wire.NbdErrno;

/** Maps the errors of the file system to those of NBD, which knows eight ("Error values"). */
public final class NbdErrors {
    private NbdErrors() {}

    public static NbdErrno of(FsError error) {
        return switch (error) {
            case NOT_PERMITTED, ACCESS_DENIED, READ_ONLY -> NbdErrno.EPERM;
            // The protocol requires ENOSPC for EDQUOT and EFBIG.
            case NO_SPACE, FILE_TOO_LARGE -> NbdErrno.ENOSPC;
            case INVALID -> NbdErrno.EINVAL;
            // Of these errors an open device should return only IO. ENOTSUP is for FAST_ZERO alone.
            case NOT_FOUND,
                    IO,
                    BUSY,
                    EXISTS,
                    CROSS_DEVICE,
                    NOT_DIRECTORY,
                    IS_DIRECTORY,
                    TOO_MANY_LINKS,
                    NAME_TOO_LONG,
                    NOT_EMPTY,
                    LOOP,
                    STALE,
                    NO_ATTRIBUTE,
                    ATTRIBUTE_TOO_LARGE,
                    NOT_SYNC,
                    BAD_COOKIE,
                    NOT_SUPPORTED,
                    TRY_AGAIN -> NbdErrno.EIO;
        };
    }
}
