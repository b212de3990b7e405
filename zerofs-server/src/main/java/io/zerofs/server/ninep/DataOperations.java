// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.netty.buffer.ByteBuf;
import io.zerofs.core.vfs.AccessMask;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Creation;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.DirectoryEntry;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.Frame;
import io.zerofs.server.ninep.wire.MessageType;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Qid;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.RmessageEncoder;
import io.zerofs.server.ninep.wire.Tmessage;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/** Files opened, read and written. Permission is checked when a file is opened, never again. */
final class DataOperations {
    private static final int PERMISSION_BITS = 07777;

    /** Most bytes of one Rreaddir; a client that wants more asks again. */
    private static final int DIRECTORY_BYTES_MAX = 64 * 1024;

    /** Of a directory entry, without its name: qid, offset, type, length of the name. */
    private static final int ENTRY_BYTES = Qid.BYTES + Long.BYTES + Byte.BYTES + Short.BYTES;

    private final NinePSession session;
    private final VirtualFileSystem files;
    private final FidTable fids;

    DataOperations(NinePSession session) {
        this.session = session;
        this.files = session.files();
        this.fids = session.fids();
    }

    Rmessage open(Tmessage.Tlopen request) throws FsException {
        Fid fid = fids.get(request.fid());
        Fid.State before = fid.unopened();
        Attributes file = files.getAttributes(before.place().inode());
        requireOpenable(file.kind(), request.flags());
        checkAccess(fid.who(), file, request.flags());
        finishOpening(fid, before, before.place(), file, request.flags());
        return new Rmessage.Opened(MessageType.RLOPEN, session.qids().of(file), 0);
    }

    /** Creates or, without O_EXCL, opens what another client has just created. */
    Rmessage create(Tmessage.Tlcreate request) throws FsException {
        Fid fid = fids.get(request.fid());
        Fid.State before = fid.unopened();
        FileName name = FileName.of(request.name());
        requireOpenable(FileKind.REGULAR, request.flags());
        boolean exclusive = (request.flags() & OpenFlags.EXCLUSIVE) != 0;
        NewNode node = new NewNode(
                FileKind.REGULAR,
                AttributeChange.ofMode(request.mode() & PERMISSION_BITS),
                DeviceNumber.NONE,
                null,
                exclusive ? NewNode.Existing.REFUSE : NewNode.Existing.OPEN,
                0);
        fids.requireRoom(name.length() + Use.OPEN_BYTES);
        Creation creation = files.create(
                session.as(fid.who().uid(), request.gid()), before.place().inode(), name, node);
        Attributes file = creation.node();
        Place place = before.place().child(name, file.id());
        int flags = request.flags();
        if (creation.created()) {
            flags &= ~OpenFlags.TRUNCATE;
        } else {
            requireOpenable(file.kind(), flags);
            checkAccess(fid.who(), file, flags);
        }
        finishOpening(fid, before, place, file, flags);
        return new Rmessage.Opened(MessageType.RLCREATE, session.qids().of(file), 0);
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
            // The server follows no link, so it makes no difference whether O_NOFOLLOW is there.
            case SYMLINK -> throw FsError.LOOP.exception();
            // What is behind a special file is on the client's machine.
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

    private void finishOpening(Fid fid, Fid.State before, Place place, Attributes file, int flags) throws FsException {
        FileHold hold = files.hold(file.id(), FileHold.Kind.OPEN);
        boolean opened = false;
        try {
            if ((flags & OpenFlags.TRUNCATE) != 0) {
                files.setAttributes(fid.who(), file.id(), AttributeChange.ofSize(0), DataAccess.CHECKED_AT_OPEN);
            }
            opened = fids.become(fid, before, new Fid.State(place, use(hold, file.kind(), flags)));
        } finally {
            if (!opened) {
                hold.close();
            }
        }
        if (!opened) {
            throw new ErrnoException(Errno.EBADF);
        }
    }

    private static Use use(FileHold hold, FileKind kind, int flags) {
        return kind == FileKind.DIRECTORY
                ? new Use.OpenDirectory(hold, new AtomicLong())
                : new Use.OpenFile(
                        hold,
                        wantsToRead(flags),
                        wantsToWrite(flags),
                        (flags & OpenFlags.APPEND) != 0,
                        (flags & (OpenFlags.DATA_SYNC | OpenFlags.SYNC)) != 0);
    }

    /** Data goes from the store's cache into the reply, which is sent from there. */
    Rmessage read(Tmessage.Tread request) throws FsException {
        Fid fid = fids.get(request.fid());
        Fid.State state = fid.state();
        int count = session.dataBytes(request.count());
        if (state.use() instanceof Use.XattrValue value) {
            return readValue(value.bytes(), request.offset(), count);
        }
        if (state.use() instanceof Use.OpenDirectory) {
            throw FsError.IS_DIRECTORY.exception();
        }
        if (!(state.use() instanceof Use.OpenFile file) || !file.readable()) {
            throw new ErrnoException(Errno.EBADF);
        }
        ByteBuf frame = RmessageEncoder.newDataFrame(session.allocator(), count);
        try {
            ByteBuffer destination = frame.nioBuffer(Frame.DATA_OFFSET, count);
            int read = files.read(
                            fid.who(), state.place().inode(), DataAccess.CHECKED_AT_OPEN, request.offset(), destination)
                    .count();
            Rmessage reply = new Rmessage.Data(MessageType.RREAD, frame.writerIndex(Frame.DATA_OFFSET + read));
            frame = null;
            return reply;
        } finally {
            if (frame != null) {
                frame.release();
            }
        }
    }

    private Rmessage readValue(byte[] value, long offset, int count) {
        int from = offset < 0 || offset > value.length ? value.length : (int) offset;
        int length = Math.min(count, value.length - from);
        ByteBuf frame = RmessageEncoder.newDataFrame(session.allocator(), length);
        return new Rmessage.Data(MessageType.RREAD, frame.writeBytes(value, from, length));
    }

    /** Written from the frame that the request came in. */
    Reply write(Tmessage.Twrite request) throws FsException {
        Fid fid = fids.get(request.fid());
        Fid.State state = fid.state();
        ByteBuffer source = request.data().nioBuffer();
        Rmessage done = new Rmessage.Rwrite(source.remaining());
        if (state.use() instanceof Use.XattrDraft draft) {
            draft.write(request.offset(), source);
            return Reply.now(done);
        }
        if (!(state.use() instanceof Use.OpenFile file) || !file.writable()) {
            throw new ErrnoException(Errno.EBADF);
        }
        if (file.append()) {
            append(fid, state, source);
        } else {
            write(fid, state, request.offset(), source);
        }
        return file.synchronous() ? afterBarrier(done, false) : Reply.now(done);
    }

    private void write(Fid fid, Fid.State state, long offset, ByteBuffer source) throws FsException {
        files.write(fid.who(), state.place().inode(), DataAccess.CHECKED_AT_OPEN, offset, source);
    }

    /** Where the file ends is for the server to say: the client's idea of it may be old. */
    private void append(Fid fid, Fid.State state, ByteBuffer source) throws FsException {
        ReentrantLock lock = session.appendLocks().lock(state.place().inode());
        try {
            write(fid, state, files.getAttributes(state.place().inode()).size(), source);
        } finally {
            lock.unlock();
        }
    }

    /** Answers when everything that was answered before is durable. */
    Reply sync(Tmessage.Tfsync request) {
        fids.get(request.fid()).state();
        return afterBarrier(Rmessage.Empty.RFSYNC, true);
    }

    private Reply afterBarrier(Rmessage done, boolean cancellable) {
        CompletableFuture<Void> barrier = files.barrier();
        return new Reply.Later(barrier.thenApply(durable -> done), () -> cancellable);
    }

    /**
     * Lists from the position behind the entry that the client had last. Entries are never cut: Linux v9fs drops the
     * rest of a reply in which it finds half an entry.
     */
    Rmessage readDirectory(Tmessage.Treaddir request) throws FsException {
        Fid fid = fids.get(request.fid());
        Fid.State state = fid.state();
        if (!(state.use() instanceof Use.OpenDirectory directory)) {
            throw new ErrnoException(state.use() instanceof Use.OpenFile ? Errno.ENOTDIR : Errno.EBADF);
        }
        int count = directoryBytes(session, request);
        ByteBuf frame = RmessageEncoder.newDataFrame(session.allocator(), count);
        boolean whole = false;
        try {
            // Permission to list was checked when the directory was opened.
            boolean atEnd = files.list(
                    Credentials.ROOT,
                    state.place().inode(),
                    directory.range(files, request.offset()),
                    false,
                    entry -> tryWrite(frame, entry, count));
            if (!atEnd && frame.writerIndex() == Frame.DATA_OFFSET) {
                // Not even one entry fits: an empty reply would mean the end (getdents(2) says EINVAL).
                throw FsError.INVALID.exception();
            }
            whole = true;
            return new Rmessage.Data(MessageType.RREADDIR, frame);
        } finally {
            if (!whole) {
                frame.release();
            }
        }
    }

    /** Most bytes of entries that are answered. */
    static int directoryBytes(NinePSession session, Tmessage.Treaddir request) {
        return Math.min(session.dataBytes(request.count()), DIRECTORY_BYTES_MAX);
    }

    private static boolean tryWrite(ByteBuf frame, DirectoryEntry entry, int count) {
        byte[] name = entry.name().toBytes();
        if (frame.writerIndex() - Frame.DATA_OFFSET + ENTRY_BYTES + name.length > count) {
            return false;
        }
        Qid qid = Qids.of(entry.inode(), entry.kind());
        frame.writeByte(qid.type()).writeIntLE(qid.version()).writeLongLE(qid.path());
        frame.writeLongLE(entry.cookie()).writeByte(Modes.entryType(entry.kind()));
        frame.writeShortLE(name.length).writeBytes(name);
        return true;
    }
}
