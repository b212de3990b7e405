// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

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
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.FsStatistics;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.ListingRange;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.ReadResult;
import io.zerofs.core.vfs.Removal;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.Renaming;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.vfs.XattrMode;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** One life of a file system under {@link StableIds}; it keeps the holds of its clients. Thread-safe as it is. */
record StableFiles(VirtualFileSystem files, StableIds ids, Map<String, Deque<FileHold>> holds)
        implements HoldingFileSystem {
    StableFiles(VirtualFileSystem files, StableIds ids) {
        this(files, ids, new HashMap<>());
    }

    private AttributeTransition stable(AttributeTransition both) {
        return new AttributeTransition(ids.stable(both.before()), ids.stable(both.after()));
    }

    private Creation stable(Creation creation) {
        return new Creation(ids.stable(creation.node()), creation.created(), stable(creation.directory()));
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
    public Attributes getAttributes(InodeId inode) throws FsException {
        return ids.stable(files.getAttributes(ids.real(inode)));
    }

    @Override
    public Attributes lookup(Credentials who, InodeId directory, FileName name) throws FsException {
        return ids.stable(files.lookup(who, ids.real(directory), name));
    }

    @Override
    public int access(Credentials who, InodeId inode, int mask) throws FsException {
        return files.access(who, ids.real(inode), mask);
    }

    @Override
    public AttributeTransition setAttributes(
            Credentials who, InodeId inode, AttributeChange change, DataAccess sizeAccess) throws FsException {
        return stable(files.setAttributes(who, ids.real(inode), change, sizeAccess));
    }

    @Override
    public byte[] readLink(InodeId inode) throws FsException {
        return files.readLink(ids.real(inode));
    }

    @Override
    public ReadResult read(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer destination)
            throws FsException {
        ReadResult result = files.read(who, ids.real(inode), access, offset, destination);
        return new ReadResult(result.count(), result.endOfFile(), ids.stable(result.attributes()));
    }

    @Override
    public AttributeTransition write(Credentials who, InodeId inode, DataAccess access, long offset, ByteBuffer source)
            throws FsException {
        return stable(files.write(who, ids.real(inode), access, offset, source));
    }

    @Override
    public void deallocate(Credentials who, InodeId inode, DataAccess access, long offset, long length)
            throws FsException {
        files.deallocate(who, ids.real(inode), access, offset, length);
    }

    @Override
    public Extent extentAt(InodeId inode, long offset, long lengthMax) throws FsException {
        return files.extentAt(ids.real(inode), offset, lengthMax);
    }

    @Override
    public Creation create(Credentials who, InodeId directory, FileName name, NewNode node) throws FsException {
        return stable(files.create(who, ids.real(directory), name, node));
    }

    @Override
    public Creation link(Credentials who, InodeId inode, InodeId directory, FileName name) throws FsException {
        return stable(files.link(who, ids.real(inode), ids.real(directory), name));
    }

    @Override
    public Removal remove(Credentials who, InodeId directory, FileName name, RemoveMode mode) throws FsException {
        Removal removal = files.remove(who, ids.real(directory), name, mode);
        return new Removal(ids.stable(removal.node()), stable(removal.directory()));
    }

    @Override
    public Renaming rename(
            Credentials who, InodeId fromDirectory, FileName fromName, InodeId toDirectory, FileName toName)
            throws FsException {
        Renaming both = files.rename(who, ids.real(fromDirectory), fromName, ids.real(toDirectory), toName);
        return new Renaming(stable(both.from()), stable(both.to()));
    }

    @Override
    public long listingEnd(InodeId directory) throws FsException {
        return files.listingEnd(ids.real(directory));
    }

    /** Lists with attributes only: without them an entry has no birth time. */
    @Override
    public boolean list(
            Credentials who, InodeId directory, ListingRange range, boolean withAttributes, DirectoryVisitor visitor)
            throws FsException {
        if (!withAttributes) {
            throw new IllegalArgumentException("a listing without attributes has no birth times");
        }
        return files.list(who, ids.real(directory), range, true, entry -> {
            Attributes attributes = ids.stable(entry.attributes());
            return visitor.visit(new DirectoryEntry(
                    entry.cookie(), entry.name(), attributes.id().number(), entry.kind(), attributes));
        });
    }

    @Override
    public byte[] getXattr(Credentials who, InodeId inode, FileName name) throws FsException {
        return files.getXattr(who, ids.real(inode), name);
    }

    @Override
    public List<FileName> listXattrs(Credentials who, InodeId inode) throws FsException {
        return files.listXattrs(who, ids.real(inode));
    }

    @Override
    public void setXattr(Credentials who, InodeId inode, FileName name, byte[] value, XattrMode mode)
            throws FsException {
        files.setXattr(who, ids.real(inode), name, value, mode);
    }

    @Override
    public void removeXattr(Credentials who, InodeId inode, FileName name) throws FsException {
        files.removeXattr(who, ids.real(inode), name);
    }

    @Override
    public FileHold hold(InodeId inode, FileHold.Kind kind) throws FsException {
        FileHold hold = files.hold(ids.real(inode), kind);
        synchronized (holds) {
            holds.computeIfAbsent(inode + " " + kind, key -> new ArrayDeque<>()).add(hold);
        }
        return hold;
    }

    @Override
    public void release(InodeId inode, FileHold.Kind kind) {
        FileHold hold;
        synchronized (holds) {
            hold = holds.get(inode + " " + kind).remove();
        }
        hold.close();
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
