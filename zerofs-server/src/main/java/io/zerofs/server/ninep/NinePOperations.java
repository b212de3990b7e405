// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.FsException;
import io.zerofs.server.ninep.wire.NinePHandler;
import io.zerofs.server.ninep.wire.Tmessage;

/** All operations of one session, each in the family that it belongs to. */
final class NinePOperations implements NinePHandler<Reply, FsException> {
    private final FidOperations fids;
    private final NamespaceOperations names;
    private final NinePDataOperations data;
    private final NinePAttributeOperations attributes;
    private final NinePXattrOperations xattrs;
    private final LockOperations locks;

    NinePOperations(NinePSession session) {
        this.fids = new FidOperations(session);
        this.names = new NamespaceOperations(session);
        this.data = new NinePDataOperations(session);
        this.attributes = new NinePAttributeOperations(session);
        this.xattrs = new NinePXattrOperations(session);
        this.locks = new LockOperations(session);
    }

    @Override
    public Reply statistics(Tmessage.Tstatfs request) throws FsException {
        return Reply.now(attributes.statistics(request));
    }

    @Override
    public Reply open(Tmessage.Tlopen request) throws FsException {
        return Reply.now(data.open(request));
    }

    @Override
    public Reply create(Tmessage.Tlcreate request) throws FsException {
        return Reply.now(data.create(request));
    }

    @Override
    public Reply symlink(Tmessage.Tsymlink request) throws FsException {
        return Reply.now(names.symlink(request));
    }

    @Override
    public Reply makeNode(Tmessage.Tmknod request) throws FsException {
        return Reply.now(names.makeNode(request));
    }

    @Override
    public Reply rename(Tmessage.Trename request) throws FsException {
        return Reply.now(names.rename(request));
    }

    @Override
    public Reply readLink(Tmessage.Treadlink request) throws FsException {
        return Reply.now(names.readLink(request));
    }

    @Override
    public Reply getAttributes(Tmessage.Tgetattr request) throws FsException {
        return Reply.now(attributes.getAttributes(request));
    }

    @Override
    public Reply setAttributes(Tmessage.Tsetattr request) throws FsException {
        return Reply.now(attributes.setAttributes(request));
    }

    @Override
    public Reply xattrWalk(Tmessage.Txattrwalk request) throws FsException {
        return Reply.now(xattrs.xattrWalk(request));
    }

    @Override
    public Reply xattrCreate(Tmessage.Txattrcreate request) throws FsException {
        return Reply.now(xattrs.xattrCreate(request));
    }

    @Override
    public Reply readDirectory(Tmessage.Treaddir request) throws FsException {
        return Reply.now(data.readDirectory(request));
    }

    @Override
    public Reply sync(Tmessage.Tfsync request) throws FsException {
        return data.sync(request);
    }

    @Override
    public Reply lock(Tmessage.Tlock request) throws FsException {
        return locks.lock(request);
    }

    @Override
    public Reply getLock(Tmessage.Tgetlock request) throws FsException {
        return Reply.now(locks.getLock(request));
    }

    @Override
    public Reply link(Tmessage.Tlink request) throws FsException {
        return Reply.now(names.link(request));
    }

    @Override
    public Reply makeDirectory(Tmessage.Tmkdir request) throws FsException {
        return Reply.now(names.makeDirectory(request));
    }

    @Override
    public Reply renameAt(Tmessage.Trenameat request) throws FsException {
        return Reply.now(names.renameAt(request));
    }

    @Override
    public Reply unlinkAt(Tmessage.Tunlinkat request) throws FsException {
        return Reply.now(names.unlinkAt(request));
    }

    @Override
    public Reply auth(Tmessage.Tauth request) throws FsException {
        return Reply.now(fids.auth(request));
    }

    @Override
    public Reply attach(Tmessage.Tattach request) throws FsException {
        return Reply.now(fids.attach(request));
    }

    @Override
    public Reply walk(Tmessage.Twalk request) throws FsException {
        return Reply.now(fids.walk(request));
    }

    @Override
    public Reply read(Tmessage.Tread request) throws FsException {
        return Reply.now(data.read(request));
    }

    @Override
    public Reply write(Tmessage.Twrite request) throws FsException {
        return data.write(request);
    }

    @Override
    public Reply clunk(Tmessage.Tclunk request) throws FsException {
        return Reply.now(fids.clunk(request));
    }

    @Override
    public Reply remove(Tmessage.Tremove request) throws FsException {
        return Reply.now(fids.remove(request));
    }
}
