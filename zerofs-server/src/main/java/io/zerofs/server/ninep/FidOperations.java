// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.access.DirectoryPath;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.MessageHeader;
import io.zerofs.server.ninep.wire.MessageType;
import io.zerofs.server.ninep.wire.NinePHandler;
import io.zerofs.server.ninep.wire.Qid;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.Tmessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/** Creates and removes fids: Tauth, Tattach, Twalk, Tclunk, Tremove. */
final class FidOperations implements NinePHandler.Fids<Reply, FsException> {
    /** n_uname of a client that names its user by text only (P9_NONUNAME). */
    private static final int NO_UID = -1;

    private static final byte[] SUPERUSER = "root".getBytes(StandardCharsets.US_ASCII);

    private static final int UID_DIGITS_MAX = 10;

    private final NinePSession session;
    private final VirtualFileSystem files;
    private final FidTable fids;

    FidOperations(NinePSession session) {
        this.session = session;
        this.files = session.files();
        this.fids = session.fids();
    }

    /** Refuses: the protocol has no authentication. The server believes a client over TCP, as with AUTH_SYS. */
    @Override
    public Reply auth(Tmessage.Tauth request) {
        throw new ErrnoException(Errno.EOPNOTSUPP);
    }

    @Override
    public Reply attach(Tmessage.Tattach request) throws FsException {
        if (request.authFid() != MessageHeader.NO_FID) {
            throw new ErrnoException(Errno.EBADF);
        }
        fids.requireFree(request.fid());
        int uid = request.uid() == NO_UID ? uidOf(request.user()) : request.uid();
        if (!session.mayClaim(uid)) {
            throw FsError.NOT_PERMITTED.exception();
        }
        Attributes root = DirectoryPath.resolve(files, request.tree());
        fids.add(request.fid(), new Fid(session.as(uid, uid), root.id(), FidPath.root(root.id())));
        return Reply.now(new Rmessage.Named(MessageType.RATTACH, session.qids().of(root)));
    }

    private static int uidOf(byte[] user) {
        if (Arrays.equals(user, SUPERUSER)) {
            return Credentials.ROOT.uid();
        }
        String text = new String(user, StandardCharsets.US_ASCII);
        if (text.length() <= UID_DIGITS_MAX && text.matches("[0-9]+")) {
            long number = Long.parseLong(text);
            if (number >>> Integer.SIZE == 0) {
                return (int) number;
            }
        }
        return Credentials.NOBODY;
    }

    /** Walks names. A failure at the first name is an error; after a later one the reply has the qids so far (walk(5)). */
    @Override
    public Reply walk(Tmessage.Twalk request) throws FsException {
        Fid from = fids.get(request.fid());
        boolean inPlace = request.fid() == request.newFid();
        Fid.Binding before = inPlace ? from.unopened() : from.binding();
        if (!inPlace) {
            fids.requireFree(request.newFid());
        }
        FidPath path = before.path();
        Deque<FidPath> way = new ArrayDeque<>();
        List<Qid> qids = new ArrayList<>(request.names().length);
        try {
            for (byte[] bytes : request.names()) {
                FileName name = FileName.of(bytes);
                Attributes found = step(from, path.inode(), name);
                qids.add(session.qids().of(found));
                path = next(path, name, found.id(), way);
            }
        } catch (FsException e) {
            if (qids.isEmpty()) {
                throw e;
            }
            return Reply.now(new Rmessage.Rwalk(qids));
        }
        if (!inPlace) {
            fids.add(request.newFid(), new Fid(from.who(), from.root(), path));
        } else if (!fids.become(from, before, new Fid.Binding(path, before.state()))) {
            throw new ErrnoException(Errno.EBADF);
        }
        return Reply.now(new Rmessage.Rwalk(qids));
    }

    /** Returns the path after one more name. If {@code ..} leads back to a place of this walk, the path has its name. */
    private static FidPath next(FidPath path, FileName name, InodeId found, Deque<FidPath> way) {
        if (name.isDotDot()) {
            FidPath back = way.poll();
            return back != null && back.inode().equals(found) ? back : FidPath.root(found);
        }
        if (!name.isDot()) {
            way.push(path);
        }
        return path.child(name, found);
    }

    private Attributes step(Fid from, InodeId directory, FileName name) throws FsException {
        // The attached directory is its own parent.
        boolean stays = name.isDotDot() && directory.equals(from.root());
        return stays ? files.getAttributes(directory) : files.lookup(from.who(), directory, name);
    }

    /** Sets an extended attribute that the client has written, and frees the fid even if the attribute is refused. */
    @Override
    public Reply clunk(Tmessage.Tclunk request) throws FsException {
        Fid fid = fids.get(request.fid());
        Fid.Binding binding = fid.binding();
        try {
            if (binding.state() instanceof FidState.XattrDraft draft) {
                new NinePXattrOperations(session).set(fid, draft);
            }
        } catch (FsException | ErrnoException e) {
            fids.remove(request.fid(), fid);
            throw e;
        }
        fids.remove(request.fid(), fid);
        return Reply.now(Rmessage.Empty.RCLUNK);
    }

    /** Removes the file, and frees the fid even if the removal fails (remove(5)). */
    @Override
    public Reply remove(Tmessage.Tremove request) throws FsException {
        Fid fid = fids.get(request.fid());
        try {
            FidPath path = fid.path();
            requireSame(fid.who(), path);
            files.remove(fid.who(), path.parent(), path.name(), RemoveMode.ANY);
        } catch (FsException | ErrnoException e) {
            fids.remove(request.fid(), fid);
            throw e;
        }
        fids.remove(request.fid(), fid);
        return Reply.now(Rmessage.Empty.RREMOVE);
    }

    private void requireSame(Credentials who, FidPath path) throws FsException {
        NamespaceOperations.requireSame(files, who, path);
    }
}
