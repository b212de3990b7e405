// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.InodeContent.File;
import io.zerofs.core.format.InodeContent.Symlink;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.AttributeTransition;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.TimeChange;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.waiting.NonBlockingThread;

/** Changes attributes as chmod(2), chown(2), truncate(2) and utimensat(2) do. */
final class AttributeOperations {
    private final OperationContext context;
    private final Reaper reaper;

    AttributeOperations(OperationContext context, Reaper reaper) {
        this.context = context;
        this.reaper = reaper;
    }

    byte[] readLink(InodeId id) throws FsException {
        if (context.inodes().require(id).content() instanceof Symlink symlink) {
            return symlink.target().clone();
        }
        throw FsError.INVALID.exception();
    }

    AttributeTransition set(Credentials who, InodeId id, AttributeChange change, DataAccess sizeAccess)
            throws FsException {
        while (true) {
            AttributeTransition done = trySet(who, id, change, sizeAccess);
            if (done != null) {
                return done;
            }
            NonBlockingThread.check();
            reaper.removeTail(id.number());
        }
    }

    /** Changes the attributes, or returns null if the tail of an earlier truncation must be removed first. */
    private AttributeTransition trySet(Credentials who, InodeId id, AttributeChange change, DataAccess sizeAccess)
            throws FsException {
        long number = id.number();
        try (Reservation room = context.reserve();
                InodeLocks.Held held = context.locks().exclusive(number)) {
            InodeRecord before = context.inodes().require(id);
            if (change.guard() != null && !change.guard().equals(before.times().changed())) {
                throw FsError.NOT_SYNC.exception();
            }
            requirePermitted(who, before, change, sizeAccess);
            if (change.size() != null && FileChunks.mustWaitForTail(before.file(), change.size())) {
                return null;
            }
            Transaction changes = context.begin();
            InodeRecord after = before;
            if (change.size() != null) {
                File resized = context.chunks().resize(changes, number, before.file(), change.size());
                after = after.withContent(resized).withMode(AccessPolicy.modeAfterWrite(who, before.mode()));
            }
            after = withTimes(withOwnerAndMode(who, after, change), change, context.now());
            changes.update(before, after);
            changes.commit();
            if (after.content() instanceof File file && file.pendingTruncation() != null) {
                context.background().add(number);
            }
            return new AttributeTransition(before.attributes(), after.attributes());
        }
    }

    private void requirePermitted(Credentials who, InodeRecord inode, AttributeChange change, DataAccess sizeAccess)
            throws FsException {
        if (change.size() != null) {
            requireResizable(who, inode, sizeAccess);
        }
        requireOwnerChange(who, inode, change);
        if (change.mode() != null) {
            AccessPolicy.requireOwner(who, inode);
        }
        requireTimeChange(who, inode, change);
    }

    private void requireResizable(Credentials who, InodeRecord inode, DataAccess sizeAccess) throws FsException {
        if (!inode.isRegular()) {
            throw (inode.isDirectory() ? FsError.IS_DIRECTORY : FsError.INVALID).exception();
        }
        AccessPolicy.requireWrite(who, inode, sizeAccess);
        context.holds().requireNoDevice(inode.number());
    }

    /** Requires the superuser for a change of the owner. The owner may choose among its own groups. */
    private static void requireOwnerChange(Credentials who, InodeRecord inode, AttributeChange change)
            throws FsException {
        if (who.isSuperuser()) {
            return;
        }
        boolean owner = who.uid() == inode.uid();
        boolean uidKept = change.uid() == null || owner && change.uid() == inode.uid();
        boolean gidPermitted =
                change.gid() == null || owner && (change.gid() == inode.gid() || who.isMember(change.gid()));
        if (!uidKept || !gidPermitted) {
            throw FsError.NOT_PERMITTED.exception();
        }
    }

    /**
     * Requires write permission for setting both times to now, and ownership for any other change. The mtime that comes
     * with a new size follows from that size and needs no further permission.
     */
    private static void requireTimeChange(Credentials who, InodeRecord inode, AttributeChange change)
            throws FsException {
        TimeChange.Kind accessed = change.accessed().kind();
        TimeChange.Kind modified = change.modified().kind();
        boolean explicit = accessed != TimeChange.Kind.KEEP || modified != TimeChange.Kind.KEEP;
        boolean ofSize = change.size() != null && accessed == TimeChange.Kind.KEEP && modified == TimeChange.Kind.NOW;
        if (!explicit || ofSize || AccessPolicy.owns(who, inode)) {
            return;
        }
        if (accessed == TimeChange.Kind.NOW && modified == TimeChange.Kind.NOW) {
            AccessPolicy.require(who, inode, AccessMask.WRITE);
        } else {
            throw FsError.NOT_PERMITTED.exception();
        }
    }

    private static InodeRecord withOwnerAndMode(Credentials who, InodeRecord inode, AttributeChange change) {
        int uid = change.uid() == null ? inode.uid() : change.uid();
        int gid = change.gid() == null ? inode.gid() : change.gid();
        int mode = change.mode() == null ? inode.mode() : AccessPolicy.permittedMode(who, change.mode(), gid);
        boolean owned = change.uid() != null || change.gid() != null;
        if (owned && !inode.isDirectory()) {
            mode = AccessPolicy.withoutPrivileges(mode);
        }
        return inode.withOwner(uid, gid).withMode(mode);
    }

    private static InodeRecord withTimes(InodeRecord inode, AttributeChange change, Timestamp now) {
        InodeRecord.Times times = inode.times();
        Timestamp accessed = time(change.accessed(), times.accessed(), now);
        Timestamp unchanged = change.size() == null ? times.modified() : now;
        Timestamp modified = time(change.modified(), unchanged, now);
        return inode.withTimes(new InodeRecord.Times(accessed, modified, now, times.created()));
    }

    private static Timestamp time(TimeChange change, Timestamp kept, Timestamp now) {
        return switch (change.kind()) {
            case KEEP -> kept;
            case NOW -> now;
            case SET -> change.value();
        };
    }
}
