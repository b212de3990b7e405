// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.MessageType;
import io.zerofs.server.ninep.wire.NinePHandler;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.Tmessage;

/**
 * Creates, moves and removes names. A new file gets the group in the message, because 9P reports no groups of users;
 * {@link NinePSession#as} has the exceptions.
 */
final class NamespaceOperations implements NinePHandler.Names<Reply, FsException> {

    private final NinePSession session;
    private final VirtualFileSystem files;
    private final FidTable fids;
    private final Qids qids;

    NamespaceOperations(NinePSession session) {
        this.session = session;
        this.files = session.files();
        this.fids = session.fids();
        this.qids = session.qids();
    }

    @Override
    public Reply symlink(Tmessage.Tsymlink request) throws FsException {
        if (request.target().length > VirtualFileSystem.SYMLINK_BYTES_MAX) {
            throw FsError.NAME_TOO_LONG.exception();
        }
        // symlink(2): an empty target is ENOENT.
        if (request.target().length == 0) {
            throw FsError.NOT_FOUND.exception();
        }
        NewNode node = NewNode.symlink(request.target());
        return Reply.now(create(MessageType.RSYMLINK, request.fid(), request.gid(), request.name(), node));
    }

    @Override
    public Reply makeDirectory(Tmessage.Tmkdir request) throws FsException {
        NewNode node = NewNode.directory(request.mode() & Attributes.PERMISSION_BITS);
        return Reply.now(create(MessageType.RMKDIR, request.fid(), request.gid(), request.name(), node));
    }

    @Override
    public Reply makeNode(Tmessage.Tmknod request) throws FsException {
        FileKind kind = Modes.kind(request.mode());
        if (kind == FileKind.DIRECTORY || kind == FileKind.SYMLINK) {
            throw new ErrnoException(Errno.EINVAL);
        }
        boolean isDevice = kind == FileKind.CHARACTER_DEVICE || kind == FileKind.BLOCK_DEVICE;
        NewNode node = new NewNode(
                kind,
                AttributeChange.ofMode(request.mode() & Attributes.PERMISSION_BITS),
                isDevice ? new DeviceNumber(request.major(), request.minor()) : DeviceNumber.NONE,
                null,
                NewNode.Existing.REFUSE,
                0);
        return Reply.now(create(MessageType.RMKNOD, request.fid(), request.gid(), request.name(), node));
    }

    private Rmessage create(MessageType reply, int directoryFid, int gid, byte[] name, NewNode node)
            throws FsException {
        Fid directory = fids.get(directoryFid);
        FileName fileName = FileName.of(name);
        return new Rmessage.Named(
                reply,
                qids.of(files.create(session.as(directory.who().uid(), gid), directory.inode(), fileName, node)
                        .node()));
    }

    @Override
    public Reply link(Tmessage.Tlink request) throws FsException {
        Fid directory = fids.get(request.directoryFid());
        Fid file = fids.get(request.fid());
        files.link(directory.who(), file.inode(), directory.inode(), FileName.of(request.name()));
        return Reply.now(Rmessage.Empty.RLINK);
    }

    @Override
    public Reply readLink(Tmessage.Treadlink request) throws FsException {
        return Reply.now(
                new Rmessage.Rreadlink(files.readLink(fids.get(request.fid()).inode())));
    }

    /** Renames the name that a walk reached the fid by; the old form of Trenameat. */
    @Override
    public Reply rename(Tmessage.Trename request) throws FsException {
        Fid file = fids.get(request.fid());
        Fid target = fids.get(request.directoryFid());
        FileName name = FileName.of(request.name());
        Fid.Binding before = file.binding();
        FidPath from = before.path();
        fids.requireRoom(name.length());
        requireSame(files, target.who(), from);
        files.rename(target.who(), from.parent(), from.name(), target.inode(), name);
        // If another request changed the fid meanwhile, it keeps the old name, which no longer leads to its file.
        fids.become(file, before, new Fid.Binding(new FidPath(target.inode(), name, from.inode()), before.state()));
        return Reply.now(Rmessage.Empty.RRENAME);
    }

    @Override
    public Reply renameAt(Tmessage.Trenameat request) throws FsException {
        Fid from = fids.get(request.fromFid());
        Fid to = fids.get(request.toFid());
        FileName fromName = FileName.of(request.fromName());
        FileName toName = FileName.of(request.toName());
        files.rename(to.who(), from.inode(), fromName, to.inode(), toName);
        return Reply.now(Rmessage.Empty.RRENAMEAT);
    }

    @Override
    public Reply unlinkAt(Tmessage.Tunlinkat request) throws FsException {
        if ((request.flags() & ~Tmessage.Tunlinkat.REMOVE_DIRECTORY) != 0) {
            throw new ErrnoException(Errno.EINVAL);
        }
        Fid directory = fids.get(request.fid());
        RemoveMode mode = request.flags() == 0 ? RemoveMode.FILE : RemoveMode.DIRECTORY;
        files.remove(directory.who(), directory.inode(), FileName.of(request.name()), mode);
        return Reply.now(Rmessage.Empty.RUNLINKAT);
    }

    /**
     * Checks that the name of a path still leads to its file, for messages that name it by a fid. EBUSY if the path has no
     * name, ENOENT if the name leads to another file.
     */
    static void requireSame(VirtualFileSystem files, Credentials who, FidPath path) throws FsException {
        if (path.parent() == null) {
            throw new ErrnoException(Errno.EBUSY);
        }
        if (!files.lookup(who, path.parent(), path.name()).id().equals(path.inode())) {
            throw FsError.NOT_FOUND.exception();
        }
    }
}
