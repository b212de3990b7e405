// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.TimeChange;
import java.util.Arrays;

/** The permission rules of the manual pages. */
final class ModelPermissions {
    private ModelPermissions() {}

    private static void check(boolean fine, FsError otherwise) throws FsException {
        if (!fine) {
            throw otherwise.exception();
        }
    }

    static int bits(Credentials who, ModelNode node) {
        if (who.uid() == 0) {
            return node.isDirectory() || (node.mode & 0111) != 0 ? 7 : 6;
        }
        if (who.uid() == node.uid) {
            return node.mode >> 6 & 7;
        }
        if (who.groups() == null) {
            return (node.mode >> 3 | node.mode) & 7;
        }
        boolean member = who.gid() == node.gid || Arrays.stream(who.groups()).anyMatch(group -> group == node.gid);
        return member ? node.mode >> 3 & 7 : node.mode & 7;
    }

    static void search(Credentials who, ModelNode directory) throws FsException {
        check((bits(who, directory) & 1) != 0, FsError.ACCESS_DENIED);
    }

    static void change(Credentials who, ModelNode directory) throws FsException {
        check((bits(who, directory) & 3) == 3, FsError.ACCESS_DENIED);
    }

    static void remove(Credentials who, ModelNode directory, ModelNode child) throws FsException {
        change(who, directory);
        boolean sticky = (directory.mode & 01000) != 0;
        boolean owner = who.uid() == 0 || who.uid() == child.uid || who.uid() == directory.uid;
        check(!sticky || owner, FsError.NOT_PERMITTED);
    }

    static void read(Credentials who, ModelNode file, DataAccess access) throws FsException {
        boolean owner = who.uid() == 0 || who.uid() == file.uid;
        boolean granted = owner || (bits(who, file) & 5) != 0;
        check(granted || access == DataAccess.CHECKED_AT_OPEN, FsError.ACCESS_DENIED);
    }

    static void write(Credentials who, ModelNode file, DataAccess access) throws FsException {
        boolean owner = who.uid() == 0 || who.uid() == file.uid;
        boolean granted = owner || (bits(who, file) & 2) != 0;
        check(granted || access == DataAccess.CHECKED_AT_OPEN, FsError.ACCESS_DENIED);
    }

    static int modeAfterWrite(Credentials who, int mode) {
        return who.uid() == 0 ? mode : withoutSetId(mode);
    }

    static int withoutSetId(int mode) {
        return (mode & 010) != 0 ? mode & ~06000 : mode & ~04000;
    }

    static void changeAttributes(Credentials who, ModelNode node, AttributeChange change) throws FsException {
        if (who.uid() == 0) {
            return;
        }
        boolean owner = who.uid() == node.uid;
        check(change.uid() == null || owner && change.uid() == node.uid, FsError.NOT_PERMITTED);
        if (change.gid() != null) {
            check(owner && (change.gid() == node.gid || who.isMember(change.gid())), FsError.NOT_PERMITTED);
        }
        check(change.mode() == null || owner, FsError.NOT_PERMITTED);
        TimeChange.Kind accessed = change.accessed().kind();
        TimeChange.Kind modified = change.modified().kind();
        boolean none = accessed == TimeChange.Kind.KEEP && modified == TimeChange.Kind.KEEP;
        boolean bothNow = accessed == TimeChange.Kind.NOW && modified == TimeChange.Kind.NOW;
        boolean withSize = change.size() != null && accessed == TimeChange.Kind.KEEP && modified == TimeChange.Kind.NOW;
        if (!owner && !none && !withSize) {
            check(bothNow, FsError.NOT_PERMITTED);
            check((bits(who, node) & 2) != 0, FsError.ACCESS_DENIED);
        }
    }

    static void rename(Credentials who, ModelNode from, ModelNode to, ModelNode child, ModelNode victim)
            throws FsException {
        remove(who, from, child);
        if (victim == null) {
            check(to.links > 0, FsError.NOT_FOUND);
            change(who, to);
        } else {
            remove(who, to, victim);
            check(!child.isDirectory() || victim.isDirectory(), FsError.NOT_DIRECTORY);
            check(child.isDirectory() || !victim.isDirectory(), FsError.IS_DIRECTORY);
            check(victim.devices == 0, FsError.BUSY);
        }
        check(child.devices == 0, FsError.BUSY);
        boolean dotDotChanges = child.isDirectory() && from != to;
        check(!dotDotChanges || (bits(who, child) & 2) != 0, FsError.ACCESS_DENIED);
        check(victim == null || victim.children.isEmpty(), FsError.NOT_EMPTY);
    }
}
