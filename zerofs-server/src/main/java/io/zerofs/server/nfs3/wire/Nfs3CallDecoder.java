// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import static io.zerofs.server.nfs3.wire.Nfs3Limits.HANDLE_BYTES_MAX;
import static io.zerofs.server.nfs3.wire.Nfs3Limits.NAME_BYTES_MAX;
import static io.zerofs.server.nfs3.wire.Nfs3Limits.TARGET_BYTES_MAX;
import static io.zerofs.server.nfs3.wire.Nfs3Limits.TRANSFER_BYTES_MAX;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;

/** Decodes bytes to {@link Nfs3Call}. The records have the names, the order and the sections of RFC 1813. */
public final class Nfs3CallDecoder {
    private static final Nfs3Call.Create.Mode[] CREATE_MODES = Nfs3Call.Create.Mode.values();

    private Nfs3CallDecoder() {}

    /**
     * Decodes the arguments of a procedure.
     *
     * @param procedure any but NULL
     * @throws MalformedMessageException if they are not the arguments of the procedure
     */
    public static Nfs3Call decode(Nfs3Procedure procedure, XdrReader in) throws MalformedMessageException {
        return switch (procedure) {
            case NULL -> throw new IllegalArgumentException("NULL has no arguments");
            case GETATTR -> new Nfs3Call.GetAttr(handle(in));
            case SETATTR ->
                new Nfs3Call.SetAttr(handle(in), Sattr3.read(in), in.readBoolean() ? NfsTime3.read(in) : null);
            case LOOKUP -> new Nfs3Call.Lookup(handle(in), name(in));
            case ACCESS -> new Nfs3Call.Access(handle(in), in.readInt());
            case READLINK -> new Nfs3Call.ReadLink(handle(in));
            case READ -> new Nfs3Call.Read(handle(in), in.readLong(), count(in));
            case WRITE -> write(in);
            case CREATE -> create(in);
            case MKDIR -> new Nfs3Call.MkDir(handle(in), name(in), Sattr3.read(in));
            case SYMLINK ->
                new Nfs3Call.Symlink(handle(in), name(in), Sattr3.read(in), in.readOpaque(TARGET_BYTES_MAX));
            case MKNOD -> makeNode(in);
            case REMOVE -> new Nfs3Call.Remove(handle(in), name(in));
            case RMDIR -> new Nfs3Call.RmDir(handle(in), name(in));
            case RENAME -> new Nfs3Call.Rename(handle(in), name(in), handle(in), name(in));
            case LINK -> new Nfs3Call.Link(handle(in), handle(in), name(in));
            case READDIR -> new Nfs3Call.ReadDir(handle(in), in.readLong(), in.readLong(), count(in));
            case READDIRPLUS ->
                new Nfs3Call.ReadDirPlus(handle(in), in.readLong(), in.readLong(), count(in), count(in));
            case FSSTAT -> new Nfs3Call.FsStat(handle(in));
            case FSINFO -> new Nfs3Call.FsInfo(handle(in));
            case PATHCONF -> new Nfs3Call.PathConf(handle(in));
            case COMMIT -> new Nfs3Call.Commit(handle(in), in.readLong(), in.readInt());
        };
    }

    private static byte[] handle(XdrReader in) throws MalformedMessageException {
        return in.readOpaque(HANDLE_BYTES_MAX);
    }

    private static byte[] name(XdrReader in) throws MalformedMessageException {
        return in.readOpaque(NAME_BYTES_MAX);
    }

    /** Reads the number of bytes that the client wants, and returns at most {@link Nfs3Limits#TRANSFER_BYTES_MAX}. */
    private static int count(XdrReader in) throws MalformedMessageException {
        long wanted = Integer.toUnsignedLong(in.readInt());
        return (int) Math.min(wanted, TRANSFER_BYTES_MAX);
    }

    private static Nfs3Call.Write write(XdrReader in) throws MalformedMessageException {
        byte[] file = handle(in);
        long offset = in.readLong();
        int count = in.readLength(TRANSFER_BYTES_MAX);
        StableHow stable = StableHow.read(in);
        ByteBuf data = in.readOpaqueSlice(TRANSFER_BYTES_MAX);
        if (count > data.readableBytes()) {
            throw new MalformedMessageException("WRITE of " + count + " bytes with " + data.readableBytes());
        }
        return new Nfs3Call.Write(file, offset, stable, data.slice(data.readerIndex(), count));
    }

    private static Nfs3Call.Create create(XdrReader in) throws MalformedMessageException {
        byte[] directory = handle(in);
        byte[] name = name(in);
        int code = in.readInt();
        if (code < 0 || code >= CREATE_MODES.length) {
            throw new MalformedMessageException("createmode3 " + Integer.toUnsignedString(code));
        }
        Nfs3Call.Create.Mode mode = CREATE_MODES[code];
        return mode == Nfs3Call.Create.Mode.EXCLUSIVE
                ? new Nfs3Call.Create(directory, name, mode, Sattr3.NONE, in.readLong())
                : new Nfs3Call.Create(directory, name, mode, Sattr3.read(in), 0);
    }

    private static Nfs3Call.MkNod makeNode(XdrReader in) throws MalformedMessageException {
        byte[] directory = handle(in);
        byte[] name = name(in);
        FileType3 type = FileType3.read(in);
        return switch (type) {
            case CHARACTER_DEVICE, BLOCK_DEVICE ->
                new Nfs3Call.MkNod(directory, name, type, Sattr3.read(in), in.readInt(), in.readInt());
            case SOCKET, FIFO -> new Nfs3Call.MkNod(directory, name, type, Sattr3.read(in), 0, 0);
            case REGULAR, DIRECTORY, SYMLINK -> new Nfs3Call.MkNod(directory, name, type, Sattr3.NONE, 0, 0);
        };
    }
}
