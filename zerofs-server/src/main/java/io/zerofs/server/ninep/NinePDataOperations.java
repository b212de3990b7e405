// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.netty.buffer.ByteBuf;
import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.DirectoryEntry;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.HeldCreation;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.MessageHeader;
import io.zerofs.server.ninep.wire.MessageType;
import io.zerofs.server.ninep.wire.NinePHandler;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Qid;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.RmessageEncoder;
import io.zerofs.server.ninep.wire.Tmessage;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/** Opens, reads and writes files. The server checks permission when it opens a file, and never again. */
final class NinePDataOperations implements NinePHandler.Data<Reply, FsException> {

    /** Maximum bytes of entries in one Rreaddir; the client asks again for the rest. */
    private static final int DIRECTORY_BYTES_MAX = 64 * 1024;

    /** Bytes of a directory entry without its name: qid, offset, type, length of the name. */
    private static final int ENTRY_BYTES = Qid.BYTES + Long.BYTES + Byte.BYTES + Short.BYTES;

    private final NinePSession session;
    private final VirtualFileSystem files;
    private final FidTable fids;

    NinePDataOperations(NinePSession session) {
        this.session = session;
        this.files = session.files();
        this.fids = session.fids();
    }

    @Override
    public Reply open(Tmessage.Tlopen request) throws FsException {
        Fid fid = fids.get(request.fid());
        Fid.Binding before = fid.unopened();
        Attributes file = files.getAttributes(before.path().inode());
        requireOpenable(file.kind(), request.flags());
        checkAccess(fid.who(), file, request.flags());
        FileHold hold = files.hold(file.id(), FileHold.Kind.OPEN);
        finishOpening(fid, before, before.path(), file, request.flags(), hold);
        return Reply.now(new Rmessage.Opened(MessageType.RLOPEN, session.qids().of(file), 0));
    }

    /** Creates a file, or without O_EXCL opens an existing one, which another client may just have created. */
    @Override
    public Reply create(Tmessage.Tlcreate request) throws FsException {
        Fid fid = fids.get(request.fid());
        Fid.Binding before = fid.unopened();
        FileName name = FileName.of(request.name());
        requireOpenable(FileKind.REGULAR, request.flags());
        boolean exclusive = (request.flags() & OpenFlags.EXCLUSIVE) != 0;
        NewNode node = new NewNode(
                FileKind.REGULAR,
                AttributeChange.ofMode(request.mode() & Attributes.PERMISSION_BITS),
                DeviceNumber.NONE,
                null,
                exclusive ? NewNode.Existing.REFUSE : NewNode.Existing.OPEN,
                0);
        fids.requireRoom(name.length() + FidState.OPEN_BYTES);
        HeldCreation held = files.createHeld(
                session.as(fid.who().uid(), request.gid()), before.path().inode(), name, node);
        boolean created = held.creation().created();
        Attributes file = held.creation().node();
        FidPath path = before.path().child(name, file.id());
        int flags = created ? request.flags() & ~OpenFlags.TRUNCATE : request.flags();
        boolean checked = created;
        try {
            if (!created) {
                requireOpenable(file.kind(), flags);
                checkAccess(fid.who(), file, flags);
                checked = true;
            }
        } finally {
            if (!checked) {
                held.hold().close();
            }
        }
        finishOpening(fid, before, path, file, flags, held.hold());
        return Reply.now(
                new Rmessage.Opened(MessageType.RLCREATE, session.qids().of(file), 0));
    }

    private static boolean wantsToRead(int flags) {
        return (flags & OpenFlags.ACCESS_MODE) != OpenFlags.WRITE_ONLY;
    }

    private static boolean wantsToWrite(int flags) {
        return (flags & OpenFlags.ACCESS_MODE) != OpenFlags.READ_ONLY;
    }

    private static void requireOpenable(FileKind kind, int flags) throws FsException {
        if ((flags & OpenFlags.ACCESS_MODE) == OpenFlags.ACCESS_MODE) {
            throw new ErrnoException(Errno.EINVAL);
        }
        switch (kind) {
            case REGULAR -> {
                if ((flags & OpenFlags.DIRECTORY) != 0) {
                    throw FsError.NOT_DIRECTORY.exception();
                }
            }
            case DIRECTORY -> {
                if (wantsToWrite(flags) || (flags & OpenFlags.TRUNCATE) != 0) {
                    throw FsError.IS_DIRECTORY.exception();
                }
            }
            // The server follows no link, so O_NOFOLLOW makes no difference.
            case SYMLINK -> throw FsError.LOOP.exception();
            // The device of a special file is on the client's machine.
            case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> throw FsError.INVALID.exception();
        }
    }

    private void checkAccess(Credentials who, Attributes file, int flags) throws FsException {
        int mask = wantsToRead(flags) ? AccessMask.READ : 0;
        if (wantsToWrite(flags) || (flags & OpenFlags.TRUNCATE) != 0) {
            if (files.isReadOnly()) {
                throw FsError.READ_ONLY.exception();
            }
            mask |= AccessMask.WRITE;
        }
        if (files.access(who, file.id(), mask) != mask) {
            throw FsError.ACCESS_DENIED.exception();
        }
    }

    private void finishOpening(Fid fid, Fid.Binding before, FidPath path, Attributes file, int flags, FileHold hold)
            throws FsException {
        boolean opened = false;
        try {
            if ((flags & OpenFlags.TRUNCATE) != 0) {
                files.setAttributes(fid.who(), file.id(), AttributeChange.ofSize(0), DataAccess.CHECKED_AT_OPEN);
            }
            opened = fids.become(fid, before, new Fid.Binding(path, openState(hold, file.kind(), flags)));
        } finally {
            if (!opened) {
                hold.close();
            }
        }
        if (!opened) {
            throw new ErrnoException(Errno.EBADF);
        }
    }

    private static FidState openState(FileHold hold, FileKind kind, int flags) {
        return kind == FileKind.DIRECTORY
                ? new FidState.OpenDirectory(hold, new AtomicLong())
                : new FidState.OpenFile(
                        hold,
                        wantsToRead(flags),
                        wantsToWrite(flags),
                        (flags & OpenFlags.APPEND) != 0,
                        (flags & (OpenFlags.DATA_SYNC | OpenFlags.SYNC)) != 0);
    }

    /** Reads data straight into the buffer of the reply. */
    @Override
    public Reply read(Tmessage.Tread request) throws FsException {
        Fid fid = fids.get(request.fid());
        Fid.Binding binding = fid.binding();
        int count = session.dataBytes(request.count());
        if (binding.state() instanceof FidState.XattrValue value) {
            return Reply.now(readValue(value.bytes(), request.offset(), count));
        }
        if (binding.state() instanceof FidState.OpenDirectory) {
            throw FsError.IS_DIRECTORY.exception();
        }
        if (!(binding.state() instanceof FidState.OpenFile file) || !file.readable()) {
            throw new ErrnoException(Errno.EBADF);
        }
        ByteBuf bytes = RmessageEncoder.newDataMessage(session.allocator(), count);
        try {
            ByteBuffer destination = bytes.nioBuffer(MessageHeader.DATA_OFFSET, count);
            int read = files.read(
                            fid.who(),
                            binding.path().inode(),
                            DataAccess.CHECKED_AT_OPEN,
                            request.offset(),
                            destination)
                    .count();
            Rmessage reply = new Rmessage.Data(MessageType.RREAD, bytes.writerIndex(MessageHeader.DATA_OFFSET + read));
            bytes = null;
            return Reply.now(reply);
        } finally {
            if (bytes != null) {
                bytes.release();
            }
        }
    }

    private Rmessage readValue(byte[] value, long offset, int count) {
        int from = offset < 0 || offset > value.length ? value.length : (int) offset;
        int length = Math.min(count, value.length - from);
        ByteBuf bytes = RmessageEncoder.newDataMessage(session.allocator(), length);
        return new Rmessage.Data(MessageType.RREAD, bytes.writeBytes(value, from, length));
    }

    /** Writes data straight from the message of the request. */
    @Override
    public Reply write(Tmessage.Twrite request) throws FsException {
        Fid fid = fids.get(request.fid());
        Fid.Binding binding = fid.binding();
        ByteBuffer source = request.data().nioBuffer();
        Rmessage done = new Rmessage.Rwrite(source.remaining());
        if (binding.state() instanceof FidState.XattrDraft draft) {
            draft.write(request.offset(), source);
            return Reply.now(done);
        }
        if (!(binding.state() instanceof FidState.OpenFile file) || !file.writable()) {
            throw new ErrnoException(Errno.EBADF);
        }
        if (file.append()) {
            append(fid, binding, source);
        } else {
            write(fid, binding, request.offset(), source);
        }
        return file.synchronous() ? afterBarrier(done, false) : Reply.now(done);
    }

    private void write(Fid fid, Fid.Binding binding, long offset, ByteBuffer source) throws FsException {
        files.write(fid.who(), binding.path().inode(), DataAccess.CHECKED_AT_OPEN, offset, source);
    }

    /** Appends at the end of the file as the server knows it, because the client's size may be old. */
    private void append(Fid fid, Fid.Binding binding, ByteBuffer source) throws FsException {
        ReentrantLock lock = session.appendLocks().lock(binding.path().inode());
        try {
            write(fid, binding, files.getAttributes(binding.path().inode()).size(), source);
        } finally {
            lock.unlock();
        }
    }

    /** Answers when every change that was answered before is durable. */
    @Override
    public Reply sync(Tmessage.Tfsync request) {
        fids.get(request.fid()).binding();
        return afterBarrier(Rmessage.Empty.RFSYNC, true);
    }

    private Reply afterBarrier(Rmessage done, boolean cancellable) {
        CompletableFuture<Void> barrier = files.barrier();
        return new Reply.Later(barrier.thenApply(durable -> done), () -> cancellable);
    }

    /**
     * Lists from the position after the client's last entry. The reply has whole entries only: Linux v9fs drops the rest
     * of a reply in which it finds half an entry.
     */
    @Override
    public Reply readDirectory(Tmessage.Treaddir request) throws FsException {
        Fid fid = fids.get(request.fid());
        Fid.Binding binding = fid.binding();
        if (!(binding.state() instanceof FidState.OpenDirectory directory)) {
            throw new ErrnoException(binding.state() instanceof FidState.OpenFile ? Errno.ENOTDIR : Errno.EBADF);
        }
        int count = directoryBytes(session, request);
        ByteBuf bytes = RmessageEncoder.newDataMessage(session.allocator(), count);
        boolean whole = false;
        try {
            // Permission to list was checked when the directory was opened.
            boolean atEnd = files.list(
                    Credentials.ROOT,
                    binding.path().inode(),
                    directory.range(files, request.offset()),
                    false,
                    entry -> tryWrite(bytes, entry, count));
            if (!atEnd && bytes.writerIndex() == MessageHeader.DATA_OFFSET) {
                // Not even one entry fits: an empty reply would mean the end (getdents(2) says EINVAL).
                throw FsError.INVALID.exception();
            }
            whole = true;
            return Reply.now(new Rmessage.Data(MessageType.RREADDIR, bytes));
        } finally {
            if (!whole) {
                bytes.release();
            }
        }
    }

    /** Returns the maximum bytes of entries in the reply. */
    static int directoryBytes(NinePSession session, Tmessage.Treaddir request) {
        return Math.min(session.dataBytes(request.count()), DIRECTORY_BYTES_MAX);
    }

    private static boolean tryWrite(ByteBuf bytes, DirectoryEntry entry, int count) {
        byte[] name = entry.name().toBytes();
        if (bytes.writerIndex() - MessageHeader.DATA_OFFSET + ENTRY_BYTES + name.length > count) {
            return false;
        }
        Qid qid = Qids.of(entry.inode(), entry.kind());
        bytes.writeByte(qid.type()).writeIntLE(qid.version()).writeLongLE(qid.path());
        bytes.writeLongLE(entry.cookie()).writeByte(Modes.entryType(entry.kind()));
        bytes.writeShortLE(name.length).writeBytes(name);
        return true;
    }
}
