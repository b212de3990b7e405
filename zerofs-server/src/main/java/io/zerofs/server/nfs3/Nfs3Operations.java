// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.netty.buffer.ByteBuf;
import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.AttributeTransition;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Creation;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.DirectoryVisitor;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.FsStatistics;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.ListingRange;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.ReadResult;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.Renaming;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.nfs3.wire.DirectoryListEncoder;
import io.zerofs.server.nfs3.wire.Fattr3;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Handler;
import io.zerofs.server.nfs3.wire.Nfs3Limits;
import io.zerofs.server.nfs3.wire.Nfs3Procedure;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.nfs3.wire.NfsTime3;
import io.zerofs.server.nfs3.wire.Sattr3;
import io.zerofs.server.nfs3.wire.StableHow;
import io.zerofs.server.nfs3.wire.WccData;
import io.zerofs.server.rpc.RpcExchange;

/** Runs one call on the virtual file system. Used by one thread, for one attempt. */
final class Nfs3Operations implements Nfs3Handler<FsException> {
    /**
     * Low byte of the cookie verifier: cookies are positions that stay valid for ever. The bytes above it hold the end
     * of the listing, because the server keeps no state between two pages of a listing.
     */
    private static final int COOKIE_VERIFIER = 2;

    /** Cookie verifier of older versions, without the end of the listing. */
    private static final long COOKIE_VERIFIER_ENDLESS = 1;

    /** Bytes of the unit in which the client should read and write (RFC 1813 §3.3.19). */
    private static final int TRANSFER_MULTIPLE = 4_096;

    /** Preferred bytes of one page of a listing: some hundred entries with their attributes. */
    private static final int DIRECTORY_BYTES_PREFERRED = 64 << 10;

    private static final NfsTime3 NANOSECOND = new NfsTime3(0, 1);

    private final Nfs3Export export;
    private final VirtualFileSystem files;
    private final Credentials who;
    private final RpcExchange exchange;
    private final Nfs3Procedure procedure;

    // Inodes that the call names, for the attributes in a failure.
    private InodeId first;
    private InodeId second;
    private boolean badHandle;

    Nfs3Operations(Nfs3Export export, Credentials who, RpcExchange exchange, Nfs3Procedure procedure) {
        this.export = export;
        this.files = export.files();
        this.who = who;
        this.exchange = exchange;
        this.procedure = procedure;
    }

    /** Returns the result of the call, also if it failed. */
    Nfs3Result run(Nfs3Call call) {
        try {
            return call.applyTo(this);
        } catch (FsException e) {
            if (e.error() == FsError.IO) {
                export.failures().line("{} of {} failed: {}", procedure, first, e.getMessage());
            }
            return failure(badHandle ? Nfs3Status.BADHANDLE : Nfs3Errors.status(e.error()));
        }
    }

    private Nfs3Result failure(Nfs3Status status) {
        return procedure.failure(status, attributesOrNull(first), attributesOrNull(second));
    }

    private Fattr3 attributesOrNull(InodeId inode) {
        if (inode == null) {
            return null;
        }
        try {
            return attributes(inode);
        } catch (FsException e) {
            return null;
        }
    }

    private Fattr3 attributes(InodeId inode) throws FsException {
        return wire(files.getAttributes(inode));
    }

    private Fattr3 wire(Attributes attributes) {
        return export.attributes().toWire(attributes);
    }

    private WccData wire(AttributeTransition transition) {
        return export.attributes().toWire(transition);
    }

    private InodeId first(byte[] handle) throws FsException {
        first = resolve(handle);
        return first;
    }

    private InodeId second(byte[] handle) throws FsException {
        second = resolve(handle);
        return second;
    }

    private InodeId resolve(byte[] handle) throws FsException {
        if (!export.handles().isValid(handle)) {
            badHandle = true;
            throw FsError.STALE.exception();
        }
        return export.handles().decode(handle);
    }

    @Override
    public Nfs3Result getAttr(Nfs3Call.GetAttr call) throws FsException {
        return new Nfs3Result.GetAttrOk(attributes(first(call.object())));
    }

    @Override
    public Nfs3Result setAttr(Nfs3Call.SetAttr call) throws FsException {
        return new Nfs3Result.WccOk(wire(files.setAttributes(
                who,
                first(call.object()),
                Nfs3Attributes.change(call.attributes(), call.guard()),
                DataAccess.CHECKED_NOW)));
    }

    @Override
    public Nfs3Result lookup(Nfs3Call.Lookup call) throws FsException {
        InodeId directory = first(call.directory());
        Attributes found = files.lookup(who, directory, FileName.of(call.name()));
        return new Nfs3Result.LookupOk(export.handles().encode(found.id()), wire(found), attributesOrNull(directory));
    }

    @Override
    public Nfs3Result access(Nfs3Call.Access call) throws FsException {
        Attributes attributes = files.getAttributes(first(call.object()));
        int granted = files.access(who, first, AccessMask.READ | AccessMask.WRITE | AccessMask.EXECUTE);
        boolean write = (granted & AccessMask.WRITE) != 0;
        boolean execute = (granted & AccessMask.EXECUTE) != 0;
        int access = (granted & AccessMask.READ) != 0 ? Nfs3Call.Access.READ : 0;
        if (attributes.kind() == FileKind.DIRECTORY) {
            // Only a caller with search permission can change names.
            access |= execute ? Nfs3Call.Access.LOOKUP : 0;
            access |= execute && write ? Nfs3Call.Access.MODIFY | Nfs3Call.Access.EXTEND | Nfs3Call.Access.DELETE : 0;
        } else {
            access |= execute ? Nfs3Call.Access.EXECUTE : 0;
            access |= write ? Nfs3Call.Access.MODIFY | Nfs3Call.Access.EXTEND : 0;
        }
        return new Nfs3Result.AccessOk(wire(attributes), access & call.access());
    }

    @Override
    public Nfs3Result readLink(Nfs3Call.ReadLink call) throws FsException {
        byte[] target = files.readLink(first(call.symlink()));
        return new Nfs3Result.ReadLinkOk(attributes(first), target);
    }

    @Override
    public Nfs3Result read(Nfs3Call.Read call) throws FsException {
        InodeId file = first(call.file());
        int payloadBytesMax = call.count() + Integer.BYTES;
        ByteBuf payload = exchange.newPayload(Nfs3Result.ReadOk.HEAD_BYTES_MAX, payloadBytesMax);
        boolean done = false;
        try {
            ReadResult read;
            try {
                read = read(call, file, DataAccess.CHECKED_NOW, payload);
            } catch (FsException e) {
                // A caller that may execute a program must be able to load it (RFC 1813 §4.4).
                if (e.error() != FsError.ACCESS_DENIED || files.access(who, file, AccessMask.EXECUTE) == 0) {
                    throw e;
                }
                read = read(call, file, DataAccess.CHECKED_AT_OPEN, payload);
            }
            payload.writerIndex(payload.writerIndex() + read.count()).writeZero(-read.count() & 3);
            done = true;
            return new Nfs3Result.ReadOk(wire(read.attributes()), read.count(), read.endOfFile(), payload);
        } finally {
            if (!done) {
                payload.release();
            }
        }
    }

    private ReadResult read(Nfs3Call.Read call, InodeId file, DataAccess access, ByteBuf payload) throws FsException {
        return files.read(who, file, access, call.offset(), payload.nioBuffer(payload.writerIndex(), call.count()));
    }

    @Override
    public Nfs3Result write(Nfs3Call.Write call) throws FsException {
        int count = call.data().readableBytes();
        AttributeTransition change = files.write(
                who,
                first(call.file()),
                DataAccess.CHECKED_NOW,
                call.offset(),
                call.data().nioBuffer());
        StableHow committed = call.stable() == StableHow.UNSTABLE ? StableHow.UNSTABLE : StableHow.FILE_SYNC;
        return new Nfs3Result.WriteOk(wire(change), count, committed, export.writeVerifier());
    }

    @Override
    public Nfs3Result create(Nfs3Call.Create call) throws FsException {
        NewNode.Existing existing = switch (call.mode()) {
            case UNCHECKED -> NewNode.Existing.OPEN;
            case GUARDED -> NewNode.Existing.REFUSE;
            case EXCLUSIVE -> NewNode.Existing.OPEN_IF_SAME_VERIFIER;
        };
        NewNode node = new NewNode(
                FileKind.REGULAR,
                Nfs3Attributes.initial(call.attributes()),
                DeviceNumber.NONE,
                null,
                existing,
                call.verifier());
        return make(call.directory(), call.name(), node);
    }

    @Override
    public Nfs3Result makeDirectory(Nfs3Call.MkDir call) throws FsException {
        return make(
                call.directory(), call.name(), node(FileKind.DIRECTORY, call.attributes(), DeviceNumber.NONE, null));
    }

    @Override
    public Nfs3Result symlink(Nfs3Call.Symlink call) throws FsException {
        if (call.target().length > VirtualFileSystem.SYMLINK_BYTES_MAX) {
            first(call.directory());
            return failure(Nfs3Status.NAMETOOLONG);
        }
        return make(
                call.directory(),
                call.name(),
                node(FileKind.SYMLINK, call.attributes(), DeviceNumber.NONE, call.target()));
    }

    @Override
    public Nfs3Result makeNode(Nfs3Call.MkNod call) throws FsException {
        FileKind kind = switch (call.type()) {
            case BLOCK_DEVICE -> FileKind.BLOCK_DEVICE;
            case CHARACTER_DEVICE -> FileKind.CHARACTER_DEVICE;
            case SOCKET -> FileKind.SOCKET;
            case FIFO -> FileKind.FIFO;
            case REGULAR, DIRECTORY, SYMLINK -> null;
        };
        if (kind == null) {
            first(call.directory());
            return failure(Nfs3Status.BADTYPE);
        }
        return make(
                call.directory(),
                call.name(),
                node(kind, call.attributes(), new DeviceNumber(call.major(), call.minor()), null));
    }

    private static NewNode node(FileKind kind, Sattr3 attributes, DeviceNumber device, byte[] target) {
        return new NewNode(kind, Nfs3Attributes.initial(attributes), device, target, NewNode.Existing.REFUSE, 0);
    }

    private Nfs3Result make(byte[] directory, byte[] name, NewNode node) throws FsException {
        Creation made = files.create(who, first(directory), FileName.of(name), node);
        return new Nfs3Result.CreateOk(
                export.handles().encode(made.node().id()), wire(made.node()), wire(made.directory()));
    }

    @Override
    public Nfs3Result remove(Nfs3Call.Remove call) throws FsException {
        return remove(call.directory(), call.name(), RemoveMode.FILE);
    }

    @Override
    public Nfs3Result removeDirectory(Nfs3Call.RmDir call) throws FsException {
        return remove(call.directory(), call.name(), RemoveMode.DIRECTORY);
    }

    private Nfs3Result remove(byte[] directory, byte[] name, RemoveMode mode) throws FsException {
        return new Nfs3Result.WccOk(wire(
                files.remove(who, first(directory), FileName.of(name), mode).directory()));
    }

    @Override
    public Nfs3Result rename(Nfs3Call.Rename call) throws FsException {
        Renaming done = files.rename(
                who,
                first(call.fromDirectory()),
                FileName.of(call.fromName()),
                second(call.toDirectory()),
                FileName.of(call.toName()));
        return new Nfs3Result.RenameOk(wire(done.from()), wire(done.to()));
    }

    @Override
    public Nfs3Result link(Nfs3Call.Link call) throws FsException {
        Creation made = files.link(who, first(call.file()), second(call.directory()), FileName.of(call.name()));
        return new Nfs3Result.LinkOk(wire(made.node()), wire(made.directory()));
    }

    @Override
    public Nfs3Result readDir(Nfs3Call.ReadDir call) throws FsException {
        return list(new Listing(call.directory(), call.cookie(), call.verifier(), call.count(), call.count(), false));
    }

    @Override
    public Nfs3Result readDirPlus(Nfs3Call.ReadDirPlus call) throws FsException {
        return list(new Listing(
                call.directory(), call.cookie(), call.verifier(), call.count(), call.directoryCount(), true));
    }

    /** The common part of READDIR and READDIRPLUS. */
    private record Listing(byte[] directory, long cookie, long verifier, int count, int directoryCount, boolean plus) {}

    private Nfs3Result list(Listing call) throws FsException {
        InodeId directory = first(call.directory());
        boolean known = (call.verifier() & 0xff) == COOKIE_VERIFIER || call.verifier() == COOKIE_VERIFIER_ENDLESS;
        if (call.cookie() != 0 && !known) {
            return failure(Nfs3Status.BAD_COOKIE);
        }
        long listingEnd = call.verifier() >>> Byte.SIZE;
        if (call.cookie() == 0 || call.cookie() >= listingEnd) {
            listingEnd = files.listingEnd(directory);
        }
        ByteBuf payload = exchange.newPayload(Nfs3Result.ReadDirOk.HEAD_BYTES_MAX, call.count());
        boolean done = false;
        try {
            DirectoryListEncoder list = new DirectoryListEncoder(payload, call.count(), call.directoryCount());
            ListingRange range = new ListingRange(call.cookie(), listingEnd);
            boolean end = files.list(who, directory, range, call.plus(), visitor(list, call.plus()));
            if (!end && list.isEmpty() || !list.fitsMessage()) {
                return failure(Nfs3Status.TOOSMALL);
            }
            list.finish(end);
            long verifier = listingEnd << Byte.SIZE | COOKIE_VERIFIER;
            Nfs3Result result = new Nfs3Result.ReadDirOk(attributesOrNull(directory), verifier, payload);
            done = true;
            return result;
        } finally {
            if (!done) {
                payload.release();
            }
        }
    }

    private DirectoryVisitor visitor(DirectoryListEncoder list, boolean plus) {
        if (!plus) {
            return entry -> list.add(entry.inode(), entry.name().toBytes(), entry.cookie());
        }
        return entry -> {
            Attributes attributes = entry.attributes();
            return list.addPlus(
                    entry.inode(),
                    entry.name().toBytes(),
                    entry.cookie(),
                    attributes == null ? null : wire(attributes),
                    attributes == null ? null : export.handles().encode(attributes.id()));
        };
    }

    @Override
    public Nfs3Result fsStat(Nfs3Call.FsStat call) throws FsException {
        Fattr3 attributes = attributes(first(call.root()));
        FsStatistics all = files.statistics();
        long freeBytes = Math.max(0, all.bytesMax() - all.bytesUsed());
        long freeInodes = Math.max(0, all.inodesMax() - all.inodesUsed());
        return new Nfs3Result.FsStatOk(
                attributes, all.bytesMax(), freeBytes, freeBytes, all.inodesMax(), freeInodes, freeInodes, 0);
    }

    @Override
    public Nfs3Result fsInfo(Nfs3Call.FsInfo call) throws FsException {
        return new Nfs3Result.FsInfoOk(
                attributes(first(call.root())),
                Nfs3Limits.TRANSFER_BYTES_MAX,
                Nfs3Limits.TRANSFER_BYTES_MAX,
                TRANSFER_MULTIPLE,
                Nfs3Limits.TRANSFER_BYTES_MAX,
                Nfs3Limits.TRANSFER_BYTES_MAX,
                TRANSFER_MULTIPLE,
                DIRECTORY_BYTES_PREFERRED,
                -1, // unsigned: every 64-bit size is possible
                NANOSECOND,
                Nfs3Result.FsInfoOk.LINK
                        | Nfs3Result.FsInfoOk.SYMLINK
                        | Nfs3Result.FsInfoOk.HOMOGENEOUS
                        | Nfs3Result.FsInfoOk.CAN_SET_TIME);
    }

    @Override
    public Nfs3Result pathConf(Nfs3Call.PathConf call) throws FsException {
        return new Nfs3Result.PathConfOk(
                attributes(first(call.object())),
                VirtualFileSystem.LINKS_MAX,
                FileName.BYTES_MAX,
                true,
                true,
                false,
                true);
    }

    @Override
    public Nfs3Result commit(Nfs3Call.Commit call) throws FsException {
        return new Nfs3Result.CommitOk(new WccData(null, attributes(first(call.file()))), export.writeVerifier());
    }
}
