// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.core.trace.Trace;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.AttributeTransition;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Creation;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DirectoryVisitor;
import io.zerofs.core.vfs.Extent;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileName;
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
import io.zerofs.server.net.FileOperation;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** A file system whose operations a trace may show. While nothing watches, each costs one volatile read more. */
final class TracedFiles implements VirtualFileSystem {
    private final VirtualFileSystem files;
    private final Trace<FileOperation> trace;
    private final VirtualFileSystem traced;

    TracedFiles(VirtualFileSystem files, Trace<FileOperation> trace) {
        this.files = files;
        this.trace = trace;
        this.traced = (VirtualFileSystem) Proxy.newProxyInstance(
                VirtualFileSystem.class.getClassLoader(),
                new Class<?>[] {VirtualFileSystem.class},
                new OperationTrace(files, trace));
    }

    private VirtualFileSystem now() {
        return trace.isWatched() ? traced : files;
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
    public FsStatistics statistics() {
        return files.statistics();
    }

    @Override
    public Attributes getAttributes(InodeId inode) throws FsException {
        return now().getAttributes(inode);
    }

    @Override
    public Attributes lookup(Credentials who, InodeId directory, FileName name) throws FsException {
        return now().lookup(who, directory, name);
    }

    @Override
    public int access(Credentials who, InodeId inode, int mask) throws FsException {
        return now().access(who, inode, mask);
    }

    @Override
    public AttributeTransition setAttributes(
            Credentials who, InodeId inode, AttributeChange change, DataAccess sizeAccess) throws FsException {
        return now().setAttributes(who, inode, change, sizeAccess);
    }

    @Override
    public byte[] readLink(InodeId inode) throws FsException {
        return now().readLink(inode);
    }

    @Override
    public ReadResult read(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer destination)
            throws FsException {
        return now().read(who, inode, access, offset, destination);
    }

    @Override
    public AttributeTransition write(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer source)
            throws FsException {
        return now().write(who, inode, access, offset, source);
    }

    @Override
    public void deallocate(Credentials who, InodeId inode, DataAccess access, long offset, long length)
            throws FsException {
        now().deallocate(who, inode, access, offset, length);
    }

    @Override
    public Extent extentAt(InodeId inode, long offset, long lengthMax) throws FsException {
        return now().extentAt(inode, offset, lengthMax);
    }

    @Override
    public Creation create(Credentials who, InodeId directory, FileName name, NewNode node) throws FsException {
        return now().create(who, directory, name, node);
    }

    @Override
    public HeldCreation createHeld(Credentials who, InodeId directory, FileName name, NewNode node) throws FsException {
        return now().createHeld(who, directory, name, node);
    }

    @Override
    public Creation link(Credentials who, InodeId inode, InodeId directory, FileName name) throws FsException {
        return now().link(who, inode, directory, name);
    }

    @Override
    public Removal remove(Credentials who, InodeId directory, FileName name, RemoveMode mode) throws FsException {
        return now().remove(who, directory, name, mode);
    }

    @Override
    public Renaming rename(
            Credentials who, InodeId fromDirectory, FileName fromName, InodeId toDirectory, FileName toName)
            throws FsException {
        return now().rename(who, fromDirectory, fromName, toDirectory, toName);
    }

    @Override
    public long listingEnd(InodeId directory) throws FsException {
        return now().listingEnd(directory);
    }

    @Override
    public boolean list(
            Credentials who, InodeId directory, ListingRange range, boolean withAttributes, DirectoryVisitor visitor)
            throws FsException {
        return now().list(who, directory, range, withAttributes, visitor);
    }

    @Override
    public byte[] getXattr(Credentials who, InodeId inode, FileName name) throws FsException {
        return now().getXattr(who, inode, name);
    }

    @Override
    public List<FileName> listXattrs(Credentials who, InodeId inode) throws FsException {
        return now().listXattrs(who, inode);
    }

    @Override
    public void setXattr(Credentials who, InodeId inode, FileName name, byte[] value, XattrMode mode)
            throws FsException {
        now().setXattr(who, inode, name, value, mode);
    }

    @Override
    public void removeXattr(Credentials who, InodeId inode, FileName name) throws FsException {
        now().removeXattr(who, inode, name);
    }

    @Override
    public FileHold hold(InodeId inode, FileHold.Kind kind) throws FsException {
        return now().hold(inode, kind);
    }

    @Override
    public CompletableFuture<Void> barrier() {
        return now().barrier();
    }
}
