// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.EntryRecord;
import io.zerofs.core.format.InodeContent;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.AttributeTransition;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Creation;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.HeldCreation;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.TimeChange;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.volume.Reservation;

/** Adds names to directories: new files of every kind, and further names of existing ones. */
final class CreateOperations {

    private final OperationContext context;
    private final LookupOperations lookups;
    private final AttributeOperations attributes;

    CreateOperations(OperationContext context, LookupOperations lookups, AttributeOperations attributes) {
        this.context = context;
        this.lookups = lookups;
        this.attributes = attributes;
    }

    /** Creates a file, or opens an existing one. Holds it if the caller wants that and it is a new one, else holds null. */
    HeldCreation create(Credentials who, InodeId directory, FileName name, NewNode node, boolean hold)
            throws FsException {
        requireValid(node);
        while (true) {
            if (node.existing() != NewNode.Existing.REFUSE) {
                Creation opened = openExisting(who, directory, name, node);
                if (opened != null) {
                    return new HeldCreation(opened, null);
                }
            }
            HeldCreation created = tryCreate(who, directory, name, node, hold);
            if (created != null) {
                return created;
            }
        }
    }

    private static void requireValid(NewNode node) throws FsException {
        boolean symlink = node.kind() == FileKind.SYMLINK;
        byte[] target = node.symlinkTarget();
        if (symlink != (target != null) || symlink && target.length == 0) {
            throw FsError.INVALID.exception();
        }
        if (symlink && target.length > VirtualFileSystem.SYMLINK_BYTES_MAX) {
            throw FsError.NAME_TOO_LONG.exception();
        }
        boolean sized = node.initial().size() != null;
        if (node.kind() != FileKind.REGULAR && (sized || node.existing() != NewNode.Existing.REFUSE)) {
            throw FsError.INVALID.exception();
        }
    }

    /** Opens the file of this name. Returns null if no file has it. */
    private Creation openExisting(Credentials who, InodeId directory, FileName name, NewNode node) throws FsException {
        InodeRecord parent = context.inodes().requireDirectory(directory);
        AccessPolicy.requireSearch(who, parent);
        if (name.isDot() || name.isDotDot()) {
            throw FsError.IS_DIRECTORY.exception();
        }
        InodeRecord child = lookups.child(directory.number(), name);
        if (child == null) {
            return null;
        }
        Attributes unchanged = parent.attributes();
        AttributeTransition transition = new AttributeTransition(unchanged, unchanged);
        if (node.existing() == NewNode.Existing.OPEN_IF_SAME_VERIFIER) {
            boolean same = child.content() instanceof InodeContent.File file
                    && file.verifier() != null
                    && file.verifier() == node.verifier();
            if (!same) {
                throw FsError.EXISTS.exception();
            }
            return new Creation(child.attributes(), false, transition);
        }
        if (!child.isRegular()) {
            throw (child.isDirectory() ? FsError.IS_DIRECTORY : FsError.EXISTS).exception();
        }
        if (node.initial().size() == null) {
            return new Creation(child.attributes(), false, transition);
        }
        try {
            AttributeChange size = AttributeChange.ofSize(node.initial().size());
            Attributes after = attributes
                    .set(who, child.id(), size, DataAccess.CHECKED_NOW)
                    .after();
            return new Creation(after, false, transition);
        } catch (FsException e) {
            if (e.error() == FsError.STALE) {
                return openExisting(who, directory, name, node); // Removed since the lookup: look again.
            }
            throw e;
        }
    }

    /** Creates the file, or returns null if the name exists and the caller may open its file instead. */
    private HeldCreation tryCreate(Credentials who, InodeId directory, FileName name, NewNode node, boolean hold)
            throws FsException {
        try (Reservation room = context.reserve();
                InodeLocks.Held held = context.locks().exclusive(directory.number())) {
            InodeRecord parent = context.inodes().requireDirectory(directory);
            AccessPolicy.requireSearch(who, parent);
            if (exists(parent, name)) {
                if (node.existing() == NewNode.Existing.REFUSE) {
                    throw FsError.EXISTS.exception();
                }
                return null;
            }
            requireRoomFor(who, parent, node.kind() == FileKind.DIRECTORY);
            boolean deviceNode = node.kind() == FileKind.CHARACTER_DEVICE || node.kind() == FileKind.BLOCK_DEVICE;
            if (deviceNode && !who.isSuperuser()) {
                throw FsError.NOT_PERMITTED.exception();
            }
            InodeRecord child = newInode(who, parent, node);
            Transaction changes = context.begin();
            changes.create(child);
            Creation created = commit(changes, parent, name, child);
            // The lock of the directory keeps the only name.
            return new HeldCreation(created, hold ? context.holds().hold(child.id(), FileHold.Kind.OPEN, false) : null);
        }
    }

    Creation link(Credentials who, InodeId inode, InodeId directory, FileName name) throws FsException {
        try (Reservation room = context.reserve();
                InodeLocks.Held held = context.locks().exclusive(inode.number(), directory.number())) {
            InodeRecord child = context.inodes().require(inode);
            InodeRecord parent = context.inodes().requireDirectory(directory);
            AccessPolicy.requireSearch(who, parent);
            if (exists(parent, name)) {
                throw FsError.EXISTS.exception();
            }
            requireRoomFor(who, parent, false);
            if (child.isDirectory()) {
                throw FsError.NOT_PERMITTED.exception();
            }
            if (child.links() == 0) {
                throw FsError.NOT_FOUND.exception();
            }
            if (child.links() >= VirtualFileSystem.LINKS_MAX) {
                throw FsError.TOO_MANY_LINKS.exception();
            }
            InodeRecord linked = child.withLinks(child.links() + 1).changedAt(context.now());
            Transaction changes = context.begin();
            changes.update(child, linked);
            return commit(changes, parent, name, linked);
        }
    }

    private boolean exists(InodeRecord parent, FileName name) throws FsException {
        if (name.isDot() || name.isDotDot()) {
            return true;
        }
        EntryRecord entry = context.directories().find(parent.number(), name);
        return entry != null;
    }

    private static void requireRoomFor(Credentials who, InodeRecord parent, boolean directory) throws FsException {
        if (parent.links() == 0) {
            throw FsError.NOT_FOUND.exception();
        }
        AccessPolicy.requireChange(who, parent);
        if (directory && parent.links() >= VirtualFileSystem.LINKS_MAX) {
            throw FsError.TOO_MANY_LINKS.exception();
        }
    }

    private Creation commit(Transaction changes, InodeRecord parent, FileName name, InodeRecord child)
            throws FsException {
        InodeRecord after = context.directories()
                .add(changes, parent, name, child)
                .modifiedAt(child.times().changed());
        changes.update(parent, after);
        changes.commit();
        return new Creation(child.attributes(), true, new AttributeTransition(parent.attributes(), after.attributes()));
    }

    private InodeRecord newInode(Credentials who, InodeRecord parent, NewNode node) throws FsException {
        Timestamp now = context.now();
        AttributeChange initial = node.initial();
        boolean inheritsGroup = (parent.mode() & AccessPolicy.SET_GID) != 0;
        int uid = initial.uid() != null && who.isSuperuser() ? initial.uid() : who.uid();
        int gid = inheritsGroup ? parent.gid() : groupOf(who, initial);
        int mode = initial.mode() == null ? 0 : initial.mode() & Attributes.PERMISSION_BITS;
        boolean directory = node.kind() == FileKind.DIRECTORY;
        if (inheritsGroup && directory) {
            mode |= AccessPolicy.SET_GID;
        } else if ((mode & AccessPolicy.EXECUTED_SET_GID) == AccessPolicy.EXECUTED_SET_GID) {
            mode = AccessPolicy.permittedMode(who, mode, gid);
        }
        InodeRecord.Times times =
                new InodeRecord.Times(time(initial.accessed(), now), time(initial.modified(), now), now, now);
        InodeId id =
                new InodeId(context.space().allocateInode(), context.volume().epoch());
        return new InodeRecord(
                id, node.kind(), mode, directory ? 2 : 1, uid, gid, 0, times, content(node, parent.number()));
    }

    /** Returns the group that the client asks for if the caller may use it, else the first group of the caller. */
    private static int groupOf(Credentials who, AttributeChange initial) {
        boolean permitted = initial.gid() != null && (who.isSuperuser() || who.isMember(initial.gid()));
        return permitted ? initial.gid() : who.gid();
    }

    private static InodeContent content(NewNode node, long parent) {
        return switch (node.kind()) {
            case REGULAR -> {
                boolean exclusive = node.existing() == NewNode.Existing.OPEN_IF_SAME_VERIFIER;
                Long size = node.initial().size();
                yield new InodeContent.File(size == null ? 0 : size, 0, exclusive ? node.verifier() : null, null);
            }
            case DIRECTORY -> DirectoryStore.emptyBelow(parent);
            case SYMLINK -> new InodeContent.Symlink(node.symlinkTarget().clone());
            case CHARACTER_DEVICE, BLOCK_DEVICE -> new InodeContent.Device(node.device());
            case FIFO, SOCKET -> InodeContent.None.INSTANCE;
        };
    }

    private static Timestamp time(TimeChange change, Timestamp now) {
        return change.kind() == TimeChange.Kind.SET ? change.value() : now;
    }
}
