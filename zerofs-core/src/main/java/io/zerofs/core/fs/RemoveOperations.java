// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.EntryRecord;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.SmallRecords;
import io.zerofs.core.vfs.AttributeTransition;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.Removal;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.volume.Reservation;

/** Removes names from directories, and deletes the files that have neither names nor holds any more. */
final class RemoveOperations {
    private final OperationContext context;
    private final Reaper reaper;

    RemoveOperations(OperationContext context, Reaper reaper) {
        this.context = context;
        this.reaper = reaper;
    }

    Removal remove(Credentials who, InodeId directory, FileName name, RemoveMode mode) throws FsException {
        while (true) {
            InodeRecord parent = context.inodes().requireDirectory(directory);
            AccessPolicy.requireSearch(who, parent);
            if (name.isDot() || name.isDotDot()) {
                throw refusalOfDots(name, mode).exception();
            }
            EntryRecord entry = context.directories().find(directory.number(), name);
            if (entry == null) {
                throw FsError.NOT_FOUND.exception();
            }
            Removal removal = tryRemove(who, directory, entry, mode);
            if (removal != null) {
                return removal;
            }
        }
    }

    private static FsError refusalOfDots(FileName name, RemoveMode mode) {
        if (mode == RemoveMode.FILE) {
            return FsError.IS_DIRECTORY;
        }
        return name.isDot() ? FsError.INVALID : FsError.NOT_EMPTY;
    }

    /** Removes the entry, or returns null if another operation changed it before the locks were taken. */
    private Removal tryRemove(Credentials who, InodeId directory, EntryRecord entry, RemoveMode mode)
            throws FsException {
        try (Reservation room = context.reserve();
                InodeLocks.Held held = context.locks().exclusive(directory.number(), entry.inode())) {
            InodeRecord parent = context.inodes().requireDirectory(directory);
            if (!entry.equals(context.directories().find(directory.number(), entry.name()))) {
                return null;
            }
            AccessPolicy.requireSearch(who, parent);
            InodeRecord child = context.inodes().requireNamed(entry.inode());
            AccessPolicy.requireRemoval(who, parent, child);
            requireKind(child, mode);
            context.holds().requireNoDevice(child.number());
            Timestamp now = context.now();
            Transaction changes = context.begin();
            InodeRecord after =
                    context.directories().remove(changes, parent, entry).modifiedAt(now);
            changes.update(parent, after);
            Unnamed unnamed = unname(changes, child, now);
            changes.commit();
            unnamed.finish();
            return new Removal(
                    unnamed.inode().attributes(), new AttributeTransition(parent.attributes(), after.attributes()));
        }
    }

    private static void requireKind(InodeRecord child, RemoveMode mode) throws FsException {
        if (mode == RemoveMode.FILE && child.isDirectory()) {
            throw FsError.IS_DIRECTORY.exception();
        }
        if (mode == RemoveMode.DIRECTORY && !child.isDirectory()) {
            throw FsError.NOT_DIRECTORY.exception();
        }
        if (child.isDirectory() && child.directory().entries() > 0) {
            throw FsError.NOT_EMPTY.exception();
        }
    }

    /**
     * A file that lost a name.
     *
     * @param inode its new record
     * @param finishing runs after the commit of the transaction, under the same locks
     */
    record Unnamed(InodeRecord inode, Runnable finishing) {
        void finish() {
            finishing.run();
        }
    }

    /**
     * Removes one name of an inode. After its last name the inode is deleted, or it stays as an orphan while a client
     * holds it.
     */
    Unnamed unname(Transaction changes, InodeRecord child, Timestamp now) throws FsException {
        long number = child.number();
        int links = child.isDirectory() ? 0 : child.links() - 1;
        InodeRecord after = child.withLinks(links).changedAt(now);
        if (links > 0) {
            changes.update(child, after);
            return new Unnamed(after, () -> {});
        }
        if (context.holds().isHeld(number)) {
            changes.batch().put(Keys.orphan(number), SmallRecords.orphan());
            changes.update(child, after);
            return new Unnamed(after, () -> {
                if (!context.holds().orphan(number)) {
                    context.background().add(number); // Released since: nothing else will remove it.
                }
            });
        }
        boolean more = reaper.delete(changes, child);
        return new Unnamed(after, () -> {
            if (more) {
                context.background().add(number);
            }
        });
    }
}
