// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.EntryRecord;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DirectoryEntry;
import io.zerofs.core.vfs.DirectoryVisitor;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.ListingRange;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.VolumeException;

/**
 * Finds and lists names. Takes no locks, except if the parent of a directory was moved or removed meanwhile. It reads
 * each record once, and the names of one listing call are a snapshot.
 */
final class LookupOperations {
    private final OperationContext context;

    LookupOperations(OperationContext context) {
        this.context = context;
    }

    Attributes lookup(Credentials who, InodeId directory, FileName name) throws FsException {
        InodeRecord parent = context.inodes().requireDirectory(directory);
        AccessPolicy.requireSearch(who, parent);
        if (name.isDot()) {
            return parent.attributes();
        }
        if (name.isDotDot()) {
            return parentOf(parent).attributes();
        }
        InodeRecord child = child(directory.number(), name);
        if (child == null) {
            throw FsError.NOT_FOUND.exception();
        }
        return child.attributes();
    }

    /** Returns the inode of a name, or null. */
    InodeRecord child(long directory, FileName name) throws FsException {
        EntryRecord entry = context.directories().find(directory, name);
        while (entry != null) {
            InodeRecord child = context.inodes().find(entry.inode());
            if (child != null) {
                return child;
            }
            // The file was removed after this thread read its entry. The entry in the volume is newer than the cached
            // one.
            EntryRecord stored = context.directories().findStored(directory, name);
            if (stored != null && stored.inode() == entry.inode()) {
                return context.inodes().requireNamed(entry.inode());
            }
            entry = stored;
        }
        return null;
    }

    private InodeRecord parentOf(InodeRecord directory) throws FsException {
        InodeRecord parent = directory.links() == 0 ? null : context.inodes().find(parentNumber(directory));
        if (parent != null) {
            return parent;
        }
        // The directory was removed, or it was moved and its old parent was removed since. The lock shows which.
        try (InodeLocks.Held held = context.locks().shared(directory.number())) {
            InodeRecord now = context.inodes().find(directory.number());
            if (now == null || now.links() == 0) {
                throw FsError.NOT_FOUND.exception();
            }
            return context.inodes().requireNamed(parentNumber(now));
        }
    }

    private static long parentNumber(InodeRecord directory) {
        return directory.directory().parent();
    }

    boolean list(Credentials who, InodeId id, ListingRange range, boolean withAttributes, DirectoryVisitor visitor)
            throws FsException {
        long cookie = range.after();
        InodeRecord directory = context.inodes().requireDirectory(id);
        AccessPolicy.require(who, directory, AccessMask.READ);
        if (cookie < 0 || cookie >= directory.directory().nextCookie()) {
            throw FsError.BAD_COOKIE.exception();
        }
        if (directory.links() == 0) {
            return true;
        }
        if (cookie < DirectoryStore.DOT_COOKIE
                && !visit(visitor, FileName.DOT, DirectoryStore.DOT_COOKIE, directory, withAttributes)) {
            return false;
        }
        if (cookie < DirectoryStore.DOT_DOT_COOKIE
                && !visit(
                        visitor,
                        FileName.DOT_DOT,
                        DirectoryStore.DOT_DOT_COOKIE,
                        parentOf(directory),
                        withAttributes)) {
            return false;
        }
        long from = Math.max(cookie + 1, DirectoryStore.FIRST_COOKIE);
        return from >= range.end()
                || listNames(Keys.listings(id.number(), from, range.end()), id.number(), withAttributes, visitor);
    }

    private static boolean visit(
            DirectoryVisitor visitor, FileName name, long cookie, InodeRecord inode, boolean withAttributes) {
        return visitor.visit(new DirectoryEntry(
                cookie, name, inode.number(), inode.kind(), withAttributes ? inode.attributes() : null));
    }

    private boolean listNames(KeyRange entries, long directory, boolean withAttributes, DirectoryVisitor visitor)
            throws FsException {
        try (Cursor cursor = context.volume().scan(entries)) {
            while (cursor.next()) {
                long cookie = Keys.numberOf(cursor.key());
                EntryRecord entry = EntryRecord.decodeByCookie(cookie, cursor.value());
                InodeRecord inode = withAttributes ? context.inodes().find(entry.inode()) : null;
                if (withAttributes && inode == null) {
                    continue; // Removed since the listing began.
                }
                Attributes attributes = inode == null ? null : inode.attributes();
                FileKind kind = entry.kind();
                if (!visitor.visit(new DirectoryEntry(cookie, entry.name(), entry.inode(), kind, attributes))) {
                    return false;
                }
            }
            return true;
        } catch (VolumeException e) {
            throw VolumeErrors.of(e);
        } catch (RecordFormatException e) {
            throw VolumeErrors.of(e, "listing of directory", directory);
        }
    }
}
