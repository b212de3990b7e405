// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The name spaces of extended attributes with their permissions, as xattr(7) describes them. */
enum XattrNamespace {
    /** For every caller, on regular files and directories, by the permission bits. */
    USER("user."),
    /** For the superuser only; no other caller sees them. */
    TRUSTED("trusted."),
    /** Every caller reads them; the superuser writes them. */
    SECURITY("security."),
    /** Access control lists, kept for clients that evaluate them. Every caller reads them; the owner writes them. */
    POSIX_ACL("system.posix_acl_");

    private static final byte[] ACCESS_LIST = bytes("system.posix_acl_access");
    private static final byte[] DEFAULT_LIST = bytes("system.posix_acl_default");

    private final byte[] prefix;

    XattrNamespace(String prefix) {
        this.prefix = bytes(prefix);
    }

    /**
     * Returns the name space of a name; throws NOT_SUPPORTED for an unknown one, INVALID if nothing follows the prefix.
     */
    static XattrNamespace of(FileName name) throws FsException {
        byte[] bytes = name.toBytes();
        for (XattrNamespace each : values()) {
            int length = each.prefix.length;
            if (bytes.length < length || !Arrays.equals(bytes, 0, length, each.prefix, 0, length)) {
                continue;
            }
            if (each == POSIX_ACL) {
                requireKnownList(bytes);
            }
            if (bytes.length == length) {
                throw FsError.INVALID.exception();
            }
            return each;
        }
        throw FsError.NOT_SUPPORTED.exception();
    }

    void requireRead(Credentials who, InodeRecord inode) throws FsException {
        switch (this) {
            case USER -> {
                requireUserAttributes(inode, FsError.NO_ATTRIBUTE);
                AccessPolicy.require(who, inode, AccessMask.READ);
            }
            case TRUSTED -> {
                if (!who.isSuperuser()) {
                    throw FsError.NO_ATTRIBUTE.exception();
                }
            }
            case SECURITY, POSIX_ACL -> {}
        }
    }

    void requireWrite(Credentials who, InodeRecord inode) throws FsException {
        switch (this) {
            case USER -> {
                requireUserAttributes(inode, FsError.NOT_PERMITTED);
                // Every caller may use a sticky directory, but only its owner may change its attributes.
                if (inode.isDirectory() && (inode.mode() & AccessPolicy.STICKY) != 0) {
                    AccessPolicy.requireOwner(who, inode);
                }
                AccessPolicy.require(who, inode, AccessMask.WRITE);
            }
            case TRUSTED, SECURITY -> {
                if (!who.isSuperuser()) {
                    throw FsError.NOT_PERMITTED.exception();
                }
            }
            case POSIX_ACL -> AccessPolicy.requireOwner(who, inode);
        }
    }

    /** Refuses attributes that do not fit this kind of file: default lists belong to directories. */
    void requireAcceptable(FileName name, InodeRecord inode) throws FsException {
        if (this == POSIX_ACL && !inode.isDirectory() && Arrays.equals(name.toBytes(), DEFAULT_LIST)) {
            throw FsError.ACCESS_DENIED.exception();
        }
    }

    boolean isListedFor(Credentials who) {
        return this != TRUSTED || who.isSuperuser();
    }

    private static void requireUserAttributes(InodeRecord inode, FsError otherwise) throws FsException {
        if (!inode.isRegular() && !inode.isDirectory()) {
            throw otherwise.exception();
        }
    }

    private static void requireKnownList(byte[] name) throws FsException {
        if (!Arrays.equals(name, ACCESS_LIST) && !Arrays.equals(name, DEFAULT_LIST)) {
            throw FsError.NOT_SUPPORTED.exception();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
