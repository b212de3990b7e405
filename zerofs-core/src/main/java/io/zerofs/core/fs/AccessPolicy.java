// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;

/** The permission checks of POSIX, in the order and with the errors of Linux. */
final class AccessPolicy {
    static final int SET_UID = 04000;
    static final int SET_GID = 02000;
    static final int STICKY = 01000;

    /** Setgid together with execute permission for the group. */
    static final int EXECUTED_SET_GID = SET_GID | 010;

    private static final int GROUP_EXECUTE = 010;
    private static final int ANY_EXECUTE = 0111;
    private static final int READ_WRITE = AccessMask.READ | AccessMask.WRITE;
    private static final int READ_WRITE_EXECUTE = READ_WRITE | AccessMask.EXECUTE;

    private AccessPolicy() {}

    /**
     * Returns the {@link AccessMask} bits that the caller has. The superuser executes a file only if it has an execute
     * bit.
     */
    static int granted(Credentials who, InodeRecord inode) {
        if (who.isSuperuser()) {
            return inode.isDirectory() || (inode.mode() & ANY_EXECUTE) != 0 ? READ_WRITE_EXECUTE : READ_WRITE;
        }
        return who.classBits(inode.mode(), inode.uid(), inode.gid());
    }

    static void require(Credentials who, InodeRecord inode, int mask) throws FsException {
        if ((granted(who, inode) & mask) != mask) {
            throw FsError.ACCESS_DENIED.exception();
        }
    }

    /** Requires permission to look up names. */
    static void requireSearch(Credentials who, InodeRecord directory) throws FsException {
        require(who, directory, AccessMask.EXECUTE);
    }

    /** Requires permission to add or remove names. */
    static void requireChange(Credentials who, InodeRecord directory) throws FsException {
        require(who, directory, AccessMask.WRITE | AccessMask.EXECUTE);
    }

    /**
     * Requires permission to remove a file's name from a directory. The sticky bit reserves that to the owner of the
     * file and the owner of the directory.
     */
    static void requireRemoval(Credentials who, InodeRecord directory, InodeRecord child) throws FsException {
        requireChange(who, directory);
        boolean reserved = (directory.mode() & STICKY) != 0;
        if (reserved && !who.isSuperuser() && who.uid() != child.uid() && who.uid() != directory.uid()) {
            throw FsError.NOT_PERMITTED.exception();
        }
    }

    static boolean owns(Credentials who, InodeRecord inode) {
        return who.isSuperuser() || who.uid() == inode.uid();
    }

    static void requireOwner(Credentials who, InodeRecord inode) throws FsException {
        if (!owns(who, inode)) {
            throw FsError.NOT_PERMITTED.exception();
        }
    }

    /**
     * Requires permission to read data. A caller with execute permission may read, because the client's kernel must
     * read a program to run it (RFC 1813 §4.4).
     */
    static void requireRead(Credentials who, InodeRecord inode, DataAccess access) throws FsException {
        if (access == DataAccess.CHECKED_NOW
                && !owns(who, inode)
                && (granted(who, inode) & (AccessMask.READ | AccessMask.EXECUTE)) == 0) {
            throw FsError.ACCESS_DENIED.exception();
        }
    }

    /** Requires permission to write data. */
    static void requireWrite(Credentials who, InodeRecord inode, DataAccess access) throws FsException {
        if (access == DataAccess.CHECKED_NOW && !owns(who, inode)) {
            require(who, inode, AccessMask.WRITE);
        }
    }

    /**
     * Returns the mode after a write by the caller: unless it is the superuser, the write clears setuid, and setgid if
     * the group may execute.
     */
    static int modeAfterWrite(Credentials who, int mode) {
        return who.isSuperuser() ? mode : withoutPrivileges(mode);
    }

    /** Returns the mode without setuid, and without setgid unless that bit means mandatory locking. */
    static int withoutPrivileges(int mode) {
        int cleared = mode & ~SET_UID;
        return (mode & GROUP_EXECUTE) != 0 ? cleared & ~SET_GID : cleared;
    }

    /** Returns the mode that a caller may set: setgid only for a group of which it is a member. */
    static int permittedMode(Credentials who, int mode, int gid) {
        return who.isSuperuser() || who.isMember(gid) ? mode : mode & ~SET_GID;
    }
}
