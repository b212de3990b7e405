// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.vfs.XattrMode;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.NinePHandler;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.Tmessage;
import java.io.ByteArrayOutputStream;
import java.util.List;

/** Extended attributes. Txattrwalk makes a fid that reads one, and Txattrcreate turns a fid into one that writes one. */
final class NinePXattrOperations implements NinePHandler.Xattrs<Reply, FsException> {
    /** Flags of setxattr(2). */
    private static final int CREATE = 1;

    private static final int REPLACE = 2;

    private final VirtualFileSystem files;
    private final FidTable fids;
    private final Allowance memory;

    NinePXattrOperations(NinePSession session) {
        this.files = session.files();
        this.fids = session.fids();
        this.memory = session.xattrMemory();
    }

    @Override
    public Reply xattrWalk(Tmessage.Txattrwalk request) throws FsException {
        Fid fid = fids.get(request.fid());
        FidPath path = fid.path();
        fids.requireFree(request.newFid());
        byte[] value = request.name().length == 0
                ? joined(files.listXattrs(fid.who(), path.inode()))
                : files.getXattr(fid.who(), path.inode(), FileName.of(request.name()));
        memory.take(value.length);
        Fid.Binding binding = new Fid.Binding(path, new FidState.XattrValue(value, memory));
        fids.add(request.newFid(), new Fid(fid.who(), fid.root(), binding));
        return Reply.now(new Rmessage.Rxattrwalk(value.length));
    }

    /** Returns names in the form of listxattr(2): each ends with a NUL. */
    private static byte[] joined(List<FileName> names) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (FileName name : names) {
            out.writeBytes(name.toBytes());
            out.write(0);
        }
        return out.toByteArray();
    }

    @Override
    public Reply xattrCreate(Tmessage.Txattrcreate request) throws FsException {
        Fid fid = fids.get(request.fid());
        Fid.Binding before = fid.unopened();
        if (Long.compareUnsigned(request.size(), VirtualFileSystem.XATTR_BYTES_MAX) > 0) {
            throw FsError.ATTRIBUTE_TOO_LARGE.exception();
        }
        XattrMode mode = switch (request.flags()) {
            case 0 -> XattrMode.ANY;
            case CREATE -> XattrMode.CREATE;
            case REPLACE -> XattrMode.REPLACE;
            default -> throw new ErrnoException(Errno.EINVAL);
        };
        FileName name = FileName.of(request.name());
        memory.take((int) request.size());
        FidState draft = new FidState.XattrDraft(name, mode, (int) request.size(), memory);
        if (!fids.become(fid, before, new Fid.Binding(before.path(), draft))) {
            draft.close();
            throw new ErrnoException(Errno.EBADF);
        }
        return Reply.now(Rmessage.Empty.RXATTRCREATE);
    }

    /**
     * Sets the written value. 9P has no message that removes an attribute: Linux writes an empty value with XATTR_REPLACE,
     * and the server removes the attribute. So an empty value can replace another one only without XATTR_REPLACE.
     */
    void set(Fid fid, FidState.XattrDraft draft) throws FsException {
        byte[] value = draft.value();
        if (value.length == 0 && draft.mode() == XattrMode.REPLACE) {
            files.removeXattr(fid.who(), fid.inode(), draft.name());
        } else {
            files.setXattr(fid.who(), fid.inode(), draft.name(), value, draft.mode());
        }
    }
}
