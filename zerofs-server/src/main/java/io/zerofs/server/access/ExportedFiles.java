// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.access;

import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.AttributeTransition;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Creation;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
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
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.vfs.XattrMode;
import io.zerofs.core.waiting.NonBlockingThread;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * A directory of a file system as a file system of its own, perhaps a read-only one. Thread-safe. The owner of the
 * underlying file system keeps it.
 *
 * <p>No name leads above the directory. Its {@code ..} is the directory itself, and so is the {@code ..} of a directory
 * that was moved out of it while a client used it. Ids are not checked: protocols whose clients present ids must ensure
 * that the daemon issued them.
 */
public final class ExportedFiles implements VirtualFileSystem {
    /** Maximum number of ancestors that a thread walks if it must not wait. */
    private static final int LEVELS_AT_ONCE = 64;

    private static final long DOT_DOT_COOKIE = 2;

    private final VirtualFileSystem files;
    private final InodeId root;
    private final boolean readOnly;
    private final boolean whole;

    private ExportedFiles(VirtualFileSystem files, InodeId root, boolean readOnly) {
        this.files = files;
        this.root = root;
        this.readOnly = readOnly;
        this.whole = root.equals(files.root());
    }

    /**
     * Returns a directory as a file system. For the root, writable, it is the file system itself.
     *
     * @throws FsException NOT_FOUND or NOT_DIRECTORY for the path, which follows no symlinks
     */
    public static VirtualFileSystem of(VirtualFileSystem files, String path, boolean readOnly) throws FsException {
        InodeId at = DirectoryPath.resolve(files, path.getBytes(StandardCharsets.UTF_8))
                .id();
        ExportedFiles exported = new ExportedFiles(files, at, readOnly);
        return exported.whole && !readOnly ? files : exported;
    }

    private void requireWritable() throws FsException {
        if (readOnly) {
            throw FsError.READ_ONLY.exception();
        }
    }

    @Override
    public boolean isPart() {
        return !whole || files.isPart();
    }

    @Override
    public byte[] secret() throws FsException {
        return files.secret();
    }

    @Override
    public boolean isReadOnly() {
        return readOnly || files.isReadOnly();
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
        return root;
    }

    @Override
    public Attributes getAttributes(InodeId inode) throws FsException {
        return files.getAttributes(inode);
    }

    @Override
    public Attributes lookup(Credentials who, InodeId directory, FileName name) throws FsException {
        Attributes found = files.lookup(who, directory, name);
        return whole || !name.isDotDot() || !directory.equals(root) && isBelowRoot(found)
                ? found
                : files.getAttributes(root);
    }

    /** Returns whether a directory is the root or below it. */
    private boolean isBelowRoot(Attributes directory) throws FsException {
        InodeId at = directory.id();
        for (int levels = 0; levels <= MOVE_DEPTH_MAX; levels++) {
            if (at.equals(root)) {
                return true;
            }
            if (at.equals(files.root())) {
                return false;
            }
            if (levels == LEVELS_AT_ONCE) {
                NonBlockingThread.check();
            }
            at = files.lookup(Credentials.ROOT, at, FileName.DOT_DOT).id();
        }
        return false;
    }

    @Override
    public int access(Credentials who, InodeId inode, int mask) throws FsException {
        return files.access(who, inode, readOnly ? mask & ~AccessMask.WRITE : mask);
    }

    @Override
    public AttributeTransition setAttributes(
            Credentials who, InodeId inode, AttributeChange change, DataAccess sizeAccess) throws FsException {
        requireWritable();
        return files.setAttributes(who, inode, change, sizeAccess);
    }

    @Override
    public byte[] readLink(InodeId inode) throws FsException {
        return files.readLink(inode);
    }

    @Override
    public ReadResult read(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer destination)
            throws FsException {
        return files.read(who, inode, access, offset, destination);
    }

    @Override
    public AttributeTransition write(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer source)
            throws FsException {
        requireWritable();
        return files.write(who, inode, access, offset, source);
    }

    @Override
    public void deallocate(Credentials who, InodeId inode, DataAccess access, long offset, long length)
            throws FsException {
        requireWritable();
        files.deallocate(who, inode, access, offset, length);
    }

    @Override
    public Extent extentAt(InodeId inode, long offset, long lengthMax) throws FsException {
        return files.extentAt(inode, offset, lengthMax);
    }

    @Override
    public Creation create(Credentials who, InodeId directory, FileName name, NewNode node) throws FsException {
        requireWritable();
        return files.create(who, directory, name, node);
    }

    @Override
    public HeldCreation createHeld(Credentials who, InodeId directory, FileName name, NewNode node) throws FsException {
        requireWritable();
        return files.createHeld(who, directory, name, node);
    }

    @Override
    public Creation link(Credentials who, InodeId inode, InodeId directory, FileName name) throws FsException {
        requireWritable();
        return files.link(who, inode, directory, name);
    }

    @Override
    public Removal remove(Credentials who, InodeId directory, FileName name, RemoveMode mode) throws FsException {
        requireWritable();
        return files.remove(who, directory, name, mode);
    }

    @Override
    public Renaming rename(
            Credentials who, InodeId fromDirectory, FileName fromName, InodeId toDirectory, FileName toName)
            throws FsException {
        requireWritable();
        return files.rename(who, fromDirectory, fromName, toDirectory, toName);
    }

    @Override
    public long listingEnd(InodeId directory) throws FsException {
        return files.listingEnd(directory);
    }

    @Override
    public boolean list(
            Credentials who, InodeId directory, ListingRange range, boolean withAttributes, DirectoryVisitor visitor)
            throws FsException {
        if (whole
                || range.after() >= DOT_DOT_COOKIE
                || files.getAttributes(directory).links() == 0) {
            return files.list(who, directory, range, withAttributes, visitor);
        }
        Attributes parent = lookup(Credentials.ROOT, directory, FileName.DOT_DOT);
        return files.list(
                who,
                directory,
                range,
                withAttributes,
                entry -> visitor.visit(entry.name().isDotDot() ? above(entry, parent) : entry));
    }

    private static DirectoryEntry above(DirectoryEntry entry, Attributes parent) {
        return new DirectoryEntry(
                entry.cookie(),
                entry.name(),
                parent.id().number(),
                FileKind.DIRECTORY,
                entry.attributes() == null ? null : parent);
    }

    @Override
    public byte[] getXattr(Credentials who, InodeId inode, FileName name) throws FsException {
        return files.getXattr(who, inode, name);
    }

    @Override
    public List<FileName> listXattrs(Credentials who, InodeId inode) throws FsException {
        return files.listXattrs(who, inode);
    }

    @Override
    public void setXattr(Credentials who, InodeId inode, FileName name, byte[] value, XattrMode mode)
            throws FsException {
        requireWritable();
        files.setXattr(who, inode, name, value, mode);
    }

    @Override
    public void removeXattr(Credentials who, InodeId inode, FileName name) throws FsException {
        requireWritable();
        files.removeXattr(who, inode, name);
    }

    @Override
    public FileHold hold(InodeId inode, FileHold.Kind kind) throws FsException {
        return files.hold(inode, kind);
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
