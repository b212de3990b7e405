// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.EntryRecord;
import io.zerofs.core.format.InodeContent;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.runtime.Machine;
import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.AttributeTransition;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.Renaming;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.waiting.NonBlockingThread;
import java.util.concurrent.locks.Lock;

/**
 * rename(2).
 *
 * <p>A directory that changes its parent must not become its own ancestor. The check walks up the ancestors without a
 * lock, because they may be many. The rename lock guards all such moves and their count. An unchanged count under that
 * lock shows that no directory changed its parent during the walk.
 */
final class RenameOperations {
    /** Maximum number of ancestors that a thread that must not wait reads. */
    private static final int LEVELS_AT_ONCE = 64;

    /** Number of walks that other clients' moves may invalidate before the operation walks under the lock. */
    private static final int LOST_WALKS_MAX = 8;

    private final OperationContext context;
    private final RemoveOperations removals;
    private final Lock renameLock = Machine.current().newLock();

    /** Number of directories that got another parent; changes under the rename lock. */
    private volatile long moves;

    RenameOperations(OperationContext context, RemoveOperations removals) {
        this.context = context;
        this.removals = removals;
    }

    /** The source and target of a rename before the locks are taken. The target is null if the new name is free. */
    private record Move(InodeId from, InodeId to, EntryRecord source, FileName newName, EntryRecord target) {
        boolean withinDirectory() {
            return from.number() == to.number();
        }

        boolean changesParent() {
            return source.kind() == FileKind.DIRECTORY && !withinDirectory();
        }
    }

    Renaming rename(Credentials who, InodeId from, FileName fromName, InodeId to, FileName toName) throws FsException {
        while (true) {
            Move move = find(who, from, fromName, to, toName);
            Renaming renaming;
            if (move.changesParent() || replacesDirectoryOfOther(move)) {
                renaming = tryRenameAlone(who, move);
            } else {
                renaming = tryRename(who, move);
            }
            if (renaming != null) {
                return renaming;
            }
        }
    }

    /** Returns whether the ancestors of the old name matter: the directory with the new name might be among them. */
    private static boolean replacesDirectoryOfOther(Move move) {
        return move.target() != null && move.target().kind() == FileKind.DIRECTORY && !move.withinDirectory();
    }

    private Move find(Credentials who, InodeId from, FileName fromName, InodeId to, FileName toName)
            throws FsException {
        AccessPolicy.requireSearch(who, context.inodes().requireDirectory(from));
        AccessPolicy.requireSearch(who, context.inodes().requireDirectory(to));
        if (fromName.isDot() || fromName.isDotDot() || toName.isDot() || toName.isDotDot()) {
            throw FsError.INVALID.exception();
        }
        EntryRecord source = context.directories().find(from.number(), fromName);
        if (source == null) {
            throw FsError.NOT_FOUND.exception();
        }
        return new Move(from, to, source, toName, context.directories().find(to.number(), toName));
    }

    private Renaming tryRenameAlone(Credentials who, Move move) throws FsException {
        try (Reservation room = context.reserve()) {
            for (int lost = 0; ; lost++) {
                long walked = moves;
                requireNoCycle(move);
                if (!renameLock.tryLock()) {
                    NonBlockingThread.check();
                    renameLock.lock();
                }
                try {
                    if (moves != walked && lost < LOST_WALKS_MAX) {
                        continue;
                    }
                    if (moves != walked) {
                        requireNoCycle(move);
                    }
                    return countedMove(who, move);
                } finally {
                    renameLock.unlock();
                }
            }
        }
    }

    private Renaming countedMove(Credentials who, Move move) throws FsException {
        Renaming renaming = underLocks(who, move);
        if (renaming != null && move.changesParent()) {
            moves++;
        }
        return renaming;
    }

    private Renaming tryRename(Credentials who, Move move) throws FsException {
        try (Reservation room = context.reserve()) {
            return underLocks(who, move);
        }
    }

    private void requireNoCycle(Move move) throws FsException {
        if (isAncestor(move.source().inode(), move.to().number())) {
            throw FsError.INVALID.exception();
        }
        if (move.target() != null
                && isAncestor(move.target().inode(), move.from().number())) {
            throw FsError.NOT_EMPTY.exception();
        }
    }

    /** Returns whether an inode is this directory or one of its ancestors. */
    private boolean isAncestor(long inode, long directory) throws FsException {
        long at = directory;
        for (int levels = 0; at != inode; levels++) {
            if (levels == LEVELS_AT_ONCE) {
                NonBlockingThread.check();
            }
            if (levels > VirtualFileSystem.MOVE_DEPTH_MAX) {
                throw FsError.NAME_TOO_LONG.exception();
            }
            InodeRecord record = context.inodes().find(at);
            if (record == null || at == InodeId.ROOT_NUMBER) {
                return false;
            }
            at = record.directory().parent();
        }
        return true;
    }

    /** Renames under the locks, or returns null if another operation changed an entry before the locks were taken. */
    private Renaming underLocks(Credentials who, Move move) throws FsException {
        long source = move.source().inode();
        long target = move.target() == null ? source : move.target().inode();
        try (InodeLocks.Held held =
                context.locks().exclusive(move.from().number(), move.to().number(), source, target)) {
            InodeRecord from = context.inodes().requireDirectory(move.from());
            InodeRecord to = move.withinDirectory() ? from : context.inodes().requireDirectory(move.to());
            AccessPolicy.requireSearch(who, from);
            AccessPolicy.requireSearch(who, to);
            if (!move.source()
                            .equals(context.directories()
                                    .find(from.number(), move.source().name()))
                    || !equal(move.target(), context.directories().find(to.number(), move.newName()))) {
                return null;
            }
            if (move.target() != null && target == source) {
                return unchanged(from, to);
            }
            InodeRecord child = context.inodes().requireNamed(source);
            InodeRecord victim = move.target() == null ? null : context.inodes().requireNamed(target);
            requirePermitted(who, move, new Parties(from, to, child, victim));
            return commit(move, new Parties(from, to, child, victim));
        }
    }

    /** The inodes of a rename; victim is null if the new name is free. */
    private record Parties(InodeRecord from, InodeRecord to, InodeRecord child, InodeRecord victim) {}

    private void requirePermitted(Credentials who, Move move, Parties at) throws FsException {
        InodeRecord child = at.child();
        InodeRecord victim = at.victim();
        AccessPolicy.requireRemoval(who, at.from(), child);
        if (victim == null) {
            if (at.to().links() == 0) {
                throw FsError.NOT_FOUND.exception();
            }
            AccessPolicy.requireChange(who, at.to());
        } else {
            AccessPolicy.requireRemoval(who, at.to(), victim);
            if (child.isDirectory() != victim.isDirectory()) {
                throw (child.isDirectory() ? FsError.NOT_DIRECTORY : FsError.IS_DIRECTORY).exception();
            }
            context.holds().requireNoDevice(victim.number());
        }
        context.holds().requireNoDevice(child.number());
        if (move.changesParent()) {
            AccessPolicy.require(who, child, AccessMask.WRITE); // Its ".." changes.
        }
        if (victim != null && victim.isDirectory() && victim.directory().entries() > 0) {
            throw FsError.NOT_EMPTY.exception();
        }
        if (move.changesParent() && victim == null && at.to().links() >= VirtualFileSystem.LINKS_MAX) {
            throw FsError.TOO_MANY_LINKS.exception();
        }
    }

    private Renaming commit(Move move, Parties at) throws FsException {
        Timestamp now = context.now();
        Transaction changes = context.begin();
        DirectoryStore directories = context.directories();
        InodeRecord from = directories.remove(changes, at.from(), move.source()).modifiedAt(now);
        InodeRecord to = move.withinDirectory() ? from : at.to().modifiedAt(now);
        RemoveOperations.Unnamed unnamed = null;
        if (at.victim() != null) {
            to = directories.remove(changes, to, move.target());
            unnamed = removals.unname(changes, at.victim(), now);
        }
        InodeRecord child = at.child().changedAt(now);
        if (move.changesParent()) {
            InodeContent.Directory content = child.directory();
            child = child.withContent(new InodeContent.Directory(to.number(), content.nextCookie(), content.entries()));
        }
        if (move.target() != null) {
            to = directories.addAt(move.target().cookie(), changes, to, move.newName(), child);
        } else if (move.withinDirectory()) {
            to = directories.addAt(move.source().cookie(), changes, to, move.newName(), child);
        } else {
            to = directories.add(changes, to, move.newName(), child);
        }
        if (!move.withinDirectory()) {
            changes.update(at.from(), from);
        }
        changes.update(at.to(), to);
        changes.update(at.child(), child);
        changes.commit();
        if (unnamed != null) {
            unnamed.finish();
        }
        AttributeTransition toTransition = new AttributeTransition(at.to().attributes(), to.attributes());
        return move.withinDirectory()
                ? new Renaming(toTransition, toTransition)
                : new Renaming(new AttributeTransition(at.from().attributes(), from.attributes()), toTransition);
    }

    private static Renaming unchanged(InodeRecord from, InodeRecord to) {
        return new Renaming(
                new AttributeTransition(from.attributes(), from.attributes()),
                new AttributeTransition(to.attributes(), to.attributes()));
    }

    private static boolean equal(EntryRecord one, EntryRecord other) {
        return one == null ? other == null : one.equals(other);
    }
}
