// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.access;

import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.AttributeTransition;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Creation;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.DirectoryEntry;
import io.zerofs.core.vfs.DirectoryVisitor;
import io.zerofs.core.vfs.Extent;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.FsStatistics;
import io.zerofs.core.vfs.HeldCreation;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.ListingRange;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.ReadResult;
import io.zerofs.core.vfs.Removal;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.Renaming;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.vfs.XattrMode;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * A file system with its snapshots in {@code /.snapshots/NAME}, read-only. No listing shows the directory, and a file of this
 * name in the volume replaces it. Thread-safe. The owner of the underlying file system keeps it.
 *
 * <p>The id of a snapshot's file has the number of the snapshot besides number and generation of the file, so a handle stays
 * valid across restarts, and inode numbers of snapshots differ from all others:
 *
 * <pre>
 *  number:      0 | 15 bits of the snapshot | 48 bits of the file
 *  generation:  40 bits of the snapshot | 24 bits of the file
 * </pre>
 */
public final class SnapshotFiles implements VirtualFileSystem {
    private static final int NUMBER_BITS = 48;
    private static final int GENERATION_BITS = 24;
    private static final long GENERATION_MAX = (1L << GENERATION_BITS) - 1;
    private static final long TREE_MAX = (1L << 39) - 1;

    /** The upper bits of the number of the directory of snapshots. */
    private static final long DIRECTORY_BITS = 0x7FFF;

    private static final InodeId DIRECTORY = new InodeId(DIRECTORY_BITS << NUMBER_BITS | 1, 0);
    private static final FileName NAME = name(".snapshots");
    private static final int MODE = 0555;
    private static final long DOT_COOKIE = 1;
    private static final long DOT_DOT_COOKIE = 2;

    private final VirtualFileSystem files;
    private final OpenSnapshots snapshots;

    public SnapshotFiles(VirtualFileSystem files, OpenSnapshots snapshots) {
        this.files = files;
        this.snapshots = snapshots;
    }

    private static FileName name(String text) {
        try {
            return FileName.of(text);
        } catch (FsException e) {
            throw new IllegalStateException("a name of the program", e);
        }
    }

    /** Returns a number of the tree that a file belongs to: 0 for the volume, another for each snapshot. */
    public static long treeOf(InodeId id) {
        return isLive(id) ? 0 : id.equals(DIRECTORY) ? DIRECTORY_BITS << NUMBER_BITS : treeNumber(id) << 8 | 1;
    }

    private static boolean isLive(InodeId id) {
        return id.number() >>> NUMBER_BITS == 0;
    }

    private static long treeNumber(InodeId id) {
        return id.generation() >>> GENERATION_BITS;
    }

    private static long slot(long tree) {
        return 1 + tree % (DIRECTORY_BITS - 1);
    }

    private static InodeId inner(InodeId id) {
        return new InodeId(id.number() & InodeId.NUMBER_MAX, id.generation() & GENERATION_MAX);
    }

    private static InodeId outer(long tree, InodeId inner) throws FsException {
        if (tree > TREE_MAX || inner.generation() > GENERATION_MAX) {
            throw FsError.NOT_SUPPORTED.exception("snapshot " + tree + " cannot be shown in .snapshots", null);
        }
        return new InodeId(number(tree, inner.number()), tree << GENERATION_BITS | inner.generation());
    }

    private static long number(long tree, long inner) {
        return slot(tree) << NUMBER_BITS | inner;
    }

    private static Attributes shown(long tree, Attributes inner) throws FsException {
        return withId(outer(tree, inner.id()), inner);
    }

    private static Attributes withId(InodeId id, Attributes of) {
        return new Attributes(
                id,
                of.kind(),
                of.mode(),
                of.links(),
                of.uid(),
                of.gid(),
                of.size(),
                of.allocatedBytes(),
                of.device(),
                of.accessed(),
                of.modified(),
                of.changed(),
                of.created());
    }

    /** One operation on a snapshot's files. */
    private interface Operation<T> {
        T on(VirtualFileSystem snapshot, InodeId inner) throws FsException;
    }

    /** Runs an operation on a file of the volume or of a snapshot. */
    private <T> T at(InodeId id, Operation<T> operation) throws FsException {
        if (isLive(id)) {
            return operation.on(files, id);
        }
        if (id.equals(DIRECTORY)) {
            throw FsError.INVALID.exception();
        }
        long tree = treeNumber(id);
        if (id.number() >>> NUMBER_BITS != slot(tree)) {
            throw FsError.STALE.exception();
        }
        try (OpenSnapshots.Use use = snapshots.use(tree)) {
            return operation.on(use.files(), inner(id));
        }
    }

    private void requireLive(InodeId... ids) throws FsException {
        for (InodeId id : ids) {
            if (!isLive(id)) {
                throw FsError.READ_ONLY.exception();
            }
        }
    }

    /** Refuses a change of the name of the directory of snapshots. The volume may have a file of this name. */
    private void requireOtherName(Credentials who, InodeId directory, FileName changed, FsError otherwise)
            throws FsException {
        if (changed.equals(NAME)
                && directory.equals(files.root())
                && lookup(who, directory, changed).id().equals(DIRECTORY)) {
            throw otherwise.exception();
        }
    }

    private Attributes directory() {
        List<OpenSnapshots.Named> all = snapshots.list();
        return directory(
                DIRECTORY,
                all.isEmpty() ? new Timestamp(0, 0) : all.get(all.size() - 1).created(),
                all.size());
    }

    /** A directory whose content is not open. */
    private static Attributes directory(InodeId id, Timestamp time, int entries) {
        return new Attributes(
                id, FileKind.DIRECTORY, MODE, 2 + entries, 0, 0, entries, 0, DeviceNumber.NONE, time, time, time, time);
    }

    @Override
    public Attributes lookup(Credentials who, InodeId directory, FileName wanted) throws FsException {
        if (isLive(directory)) {
            try {
                return files.lookup(who, directory, wanted);
            } catch (FsException e) {
                if (e.error() == FsError.NOT_FOUND && wanted.equals(NAME) && directory.equals(files.root())) {
                    return directory();
                }
                throw e;
            }
        }
        if (!directory.equals(DIRECTORY)) {
            if (wanted.isDotDot() && inner(directory).number() == InodeId.ROOT_NUMBER) {
                return directory();
            }
            long tree = treeNumber(directory);
            return shown(tree, at(directory, (snapshot, inner) -> snapshot.lookup(who, inner, wanted)));
        }
        if (wanted.isDot()) {
            return directory();
        }
        if (wanted.isDotDot()) {
            return files.getAttributes(files.root());
        }
        for (OpenSnapshots.Named each : snapshots.list()) {
            if (each.name().equals(wanted)) {
                return getAttributes(outer(each.tree(), files.root()));
            }
        }
        throw FsError.NOT_FOUND.exception();
    }

    @Override
    public Attributes getAttributes(InodeId inode) throws FsException {
        if (inode.equals(DIRECTORY)) {
            return directory();
        }
        Attributes found = at(inode, VirtualFileSystem::getAttributes);
        return isLive(inode) ? found : withId(inode, found);
    }

    @Override
    public int access(Credentials who, InodeId inode, int mask) throws FsException {
        return inode.equals(DIRECTORY)
                ? mask & (AccessMask.READ | AccessMask.EXECUTE)
                : at(inode, (snapshot, inner) -> snapshot.access(who, inner, mask));
    }

    @Override
    public byte[] readLink(InodeId inode) throws FsException {
        return at(inode, VirtualFileSystem::readLink);
    }

    @Override
    public ReadResult read(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer destination)
            throws FsException {
        if (isLive(inode)) {
            return files.read(who, inode, access, offset, destination);
        }
        if (inode.equals(DIRECTORY)) {
            throw FsError.IS_DIRECTORY.exception();
        }
        ReadResult read = at(inode, (snapshot, inner) -> snapshot.read(who, inner, access, offset, destination));
        return new ReadResult(read.count(), read.endOfFile(), withId(inode, read.attributes()));
    }

    @Override
    public Extent extentAt(InodeId inode, long offset, long lengthMax) throws FsException {
        return at(inode, (snapshot, inner) -> snapshot.extentAt(inner, offset, lengthMax));
    }

    @Override
    public long listingEnd(InodeId directory) throws FsException {
        return directory.equals(DIRECTORY) ? Long.MAX_VALUE : at(directory, VirtualFileSystem::listingEnd);
    }

    @Override
    public boolean list(
            Credentials who, InodeId directory, ListingRange range, boolean withAttributes, DirectoryVisitor visitor)
            throws FsException {
        if (isLive(directory)) {
            return files.list(who, directory, range, withAttributes, visitor);
        }
        if (directory.equals(DIRECTORY)) {
            return listSnapshots(range, withAttributes, visitor);
        }
        long tree = treeNumber(directory);
        boolean top = inner(directory).number() == InodeId.ROOT_NUMBER;
        return at(directory, (snapshot, inner) -> {
            FsException[] failure = new FsException[1];
            boolean done = snapshot.list(who, inner, range, withAttributes, entry -> {
                try {
                    return visitor.visit(
                            top && entry.name().isDotDot() ? above(withAttributes) : shownEntry(tree, entry));
                } catch (FsException e) {
                    failure[0] = e;
                    return false;
                }
            });
            if (failure[0] != null) {
                throw failure[0];
            }
            return done;
        });
    }

    private DirectoryEntry above(boolean withAttributes) {
        return entry(DOT_DOT_COOKIE, FileName.DOT_DOT, directory(), withAttributes);
    }

    private static DirectoryEntry shownEntry(long tree, DirectoryEntry inner) throws FsException {
        Attributes attributes = inner.attributes() == null ? null : shown(tree, inner.attributes());
        return new DirectoryEntry(inner.cookie(), inner.name(), number(tree, inner.inode()), inner.kind(), attributes);
    }

    private static DirectoryEntry entry(long cookie, FileName name, Attributes of, boolean withAttributes) {
        return new DirectoryEntry(cookie, name, of.id().number(), of.kind(), withAttributes ? of : null);
    }

    /** Lists the snapshots and opens none of them, so their attributes are not those of their roots. */
    private boolean listSnapshots(ListingRange range, boolean withAttributes, DirectoryVisitor visitor)
            throws FsException {
        if (range.after() < 0) {
            throw FsError.BAD_COOKIE.exception();
        }
        if (range.after() < DOT_COOKIE
                && !visitor.visit(entry(DOT_COOKIE, FileName.DOT, directory(), withAttributes))) {
            return false;
        }
        if (range.after() < DOT_DOT_COOKIE
                && !visitor.visit(
                        entry(DOT_DOT_COOKIE, FileName.DOT_DOT, files.getAttributes(files.root()), withAttributes))) {
            return false;
        }
        for (OpenSnapshots.Named each : snapshots.list()) {
            long cookie = DOT_DOT_COOKIE + each.tree();
            Attributes root = directory(outer(each.tree(), files.root()), each.created(), 0);
            if (cookie > range.after() && !visitor.visit(entry(cookie, each.name(), root, withAttributes))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public byte[] getXattr(Credentials who, InodeId inode, FileName attribute) throws FsException {
        if (inode.equals(DIRECTORY)) {
            throw FsError.NO_ATTRIBUTE.exception();
        }
        return at(inode, (snapshot, inner) -> snapshot.getXattr(who, inner, attribute));
    }

    @Override
    public List<FileName> listXattrs(Credentials who, InodeId inode) throws FsException {
        return inode.equals(DIRECTORY) ? List.of() : at(inode, (snapshot, inner) -> snapshot.listXattrs(who, inner));
    }

    /** Returns a hold. One of a snapshot keeps nothing, because a snapshot keeps all its files. */
    @Override
    public FileHold hold(InodeId inode, FileHold.Kind kind) throws FsException {
        if (isLive(inode)) {
            return files.hold(inode, kind);
        }
        getAttributes(inode);
        return new Hold(inode);
    }

    private record Hold(InodeId inode) implements FileHold {
        @Override
        public void close() {}
    }

    @Override
    public AttributeTransition setAttributes(
            Credentials who, InodeId inode, AttributeChange change, DataAccess sizeAccess) throws FsException {
        requireLive(inode);
        return files.setAttributes(who, inode, change, sizeAccess);
    }

    @Override
    public AttributeTransition write(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer source)
            throws FsException {
        requireLive(inode);
        return files.write(who, inode, access, offset, source);
    }

    @Override
    public void deallocate(Credentials who, InodeId inode, DataAccess access, long offset, long length)
            throws FsException {
        requireLive(inode);
        files.deallocate(who, inode, access, offset, length);
    }

    @Override
    public Creation create(Credentials who, InodeId directory, FileName added, NewNode node) throws FsException {
        requireLive(directory);
        requireOtherName(who, directory, added, FsError.EXISTS);
        return files.create(who, directory, added, node);
    }

    @Override
    public HeldCreation createHeld(Credentials who, InodeId directory, FileName added, NewNode node)
            throws FsException {
        requireLive(directory);
        requireOtherName(who, directory, added, FsError.EXISTS);
        return files.createHeld(who, directory, added, node);
    }

    @Override
    public Creation link(Credentials who, InodeId inode, InodeId directory, FileName added) throws FsException {
        requireLive(directory);
        if (!isLive(inode)) {
            throw FsError.CROSS_DEVICE.exception();
        }
        requireOtherName(who, directory, added, FsError.EXISTS);
        return files.link(who, inode, directory, added);
    }

    @Override
    public Removal remove(Credentials who, InodeId directory, FileName removed, RemoveMode mode) throws FsException {
        requireLive(directory);
        requireOtherName(who, directory, removed, FsError.READ_ONLY);
        return files.remove(who, directory, removed, mode);
    }

    @Override
    public Renaming rename(
            Credentials who, InodeId fromDirectory, FileName fromName, InodeId toDirectory, FileName toName)
            throws FsException {
        requireLive(fromDirectory, toDirectory);
        requireOtherName(who, fromDirectory, fromName, FsError.READ_ONLY);
        requireOtherName(who, toDirectory, toName, FsError.READ_ONLY);
        return files.rename(who, fromDirectory, fromName, toDirectory, toName);
    }

    @Override
    public void setXattr(Credentials who, InodeId inode, FileName attribute, byte[] value, XattrMode mode)
            throws FsException {
        requireLive(inode);
        files.setXattr(who, inode, attribute, value, mode);
    }

    @Override
    public void removeXattr(Credentials who, InodeId inode, FileName attribute) throws FsException {
        requireLive(inode);
        files.removeXattr(who, inode, attribute);
    }

    @Override
    public UUID volumeId() {
        return files.volumeId();
    }

    @Override
    public long incarnation() {
        return files.incarnation();
    }

    @Override
    public InodeId root() {
        return files.root();
    }

    @Override
    public boolean isPart() {
        return files.isPart();
    }

    @Override
    public byte[] secret() throws FsException {
        return files.secret();
    }

    @Override
    public boolean isReadOnly() {
        return files.isReadOnly();
    }

    @Override
    public CompletableFuture<Void> barrier() {
        return files.barrier();
    }

    @Override
    public FsStatistics statistics() {
        return files.statistics();
    }
}
