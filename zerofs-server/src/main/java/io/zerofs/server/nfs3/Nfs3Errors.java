// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.zerofs.core.vfs.FsError;
import io.zerofs.server.nfs3.wire.MountStatus;
import io.zerofs.server.nfs3.wire.Nfs3Status;

/** The statuses of file system errors in NFS and MOUNT. */
public final class Nfs3Errors {
    private Nfs3Errors() {}

    public static Nfs3Status status(FsError error) {
        return switch (error) {
            case NOT_PERMITTED -> Nfs3Status.PERM;
            case NOT_FOUND -> Nfs3Status.NOENT;
            case IO -> Nfs3Status.IO;
            case ACCESS_DENIED -> Nfs3Status.ACCES;
            // There is no EBUSY; JUKEBOX would make the client try again for ever.
            case BUSY -> Nfs3Status.PERM;
            case EXISTS -> Nfs3Status.EXIST;
            case CROSS_DEVICE -> Nfs3Status.XDEV;
            case NOT_DIRECTORY -> Nfs3Status.NOTDIR;
            case IS_DIRECTORY -> Nfs3Status.ISDIR;
            case INVALID -> Nfs3Status.INVAL;
            case FILE_TOO_LARGE -> Nfs3Status.FBIG;
            case NO_SPACE -> Nfs3Status.NOSPC;
            case READ_ONLY -> Nfs3Status.ROFS;
            case TOO_MANY_LINKS -> Nfs3Status.MLINK;
            case NAME_TOO_LONG -> Nfs3Status.NAMETOOLONG;
            case NOT_EMPTY -> Nfs3Status.NOTEMPTY;
            // Clients resolve symlinks themselves, so this one used the handle of a symlink as that of a file.
            case LOOP -> Nfs3Status.INVAL;
            case STALE -> Nfs3Status.STALE;
            // The protocol has no extended attributes.
            case NO_ATTRIBUTE, ATTRIBUTE_TOO_LARGE -> Nfs3Status.INVAL;
            case NOT_SYNC -> Nfs3Status.NOT_SYNC;
            case BAD_COOKIE -> Nfs3Status.BAD_COOKIE;
            case NOT_SUPPORTED -> Nfs3Status.NOTSUPP;
            case TRY_AGAIN -> Nfs3Status.JUKEBOX;
        };
    }

    static MountStatus mountStatus(FsError error) {
        return switch (status(error)) {
            case PERM -> MountStatus.PERM;
            case NOENT, STALE -> MountStatus.NOENT;
            case ACCES -> MountStatus.ACCES;
            case NOTDIR -> MountStatus.NOTDIR;
            case INVAL -> MountStatus.INVAL;
            case NAMETOOLONG -> MountStatus.NAMETOOLONG;
            case NOTSUPP -> MountStatus.NOTSUPP;
            case OK, IO, NXIO, EXIST, XDEV, NODEV, ISDIR, FBIG, NOSPC, ROFS, MLINK, NOTEMPTY -> MountStatus.IO;
            case DQUOT, REMOTE, BADHANDLE, NOT_SYNC, BAD_COOKIE, TOOSMALL -> MountStatus.IO;
            case SERVERFAULT, BADTYPE, JUKEBOX -> MountStatus.SERVERFAULT;
        };
    }
}
