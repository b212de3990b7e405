// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.bytes.XdrReader;
import java.util.ArrayList;
import java.util.List;

/** Bytes to results, as a client reads them. */
public final class Nfs3ResultReader {
    private final XdrReader in;

    private Nfs3ResultReader(XdrReader in) {
        this.in = in;
    }

    /** An entry of a directory; attributes and handle only with READDIRPLUS. */
    public record Entry(long fileId, byte[] name, long cookie, Fattr3 attributes, byte[] handle) {}

    /** The entries of a listing. */
    public record Entries(List<Entry> list, boolean endOfDirectory) {}

    public static Nfs3Result read(Nfs3Procedure procedure, XdrReader in) throws MalformedMessageException {
        return new Nfs3ResultReader(in).read(procedure);
    }

    /** Reads the payload of READDIR or READDIRPLUS. */
    public static Entries entries(ByteBuf payload, boolean plus) throws MalformedMessageException {
        XdrReader in = new XdrReader(payload.duplicate());
        Nfs3ResultReader reader = new Nfs3ResultReader(in);
        List<Entry> list = new ArrayList<>();
        while (in.readBoolean()) {
            list.add(new Entry(
                    in.readLong(),
                    in.readOpaque(Nfs3Limits.NAME_BYTES_MAX),
                    in.readLong(),
                    plus ? reader.attributesOrNull() : null,
                    plus && in.readBoolean() ? reader.handle() : null));
        }
        return new Entries(list, in.readBoolean());
    }

    private Nfs3Result read(Nfs3Procedure procedure) throws MalformedMessageException {
        Nfs3Status status = status();
        return status == Nfs3Status.OK ? success(procedure) : failure(procedure, status);
    }

    private Nfs3Result failure(Nfs3Procedure procedure, Nfs3Status status) throws MalformedMessageException {
        return switch (procedure) {
            case NULL -> throw new MalformedMessageException("NULL does not fail");
            case GETATTR -> new Nfs3Result.Failure(status);
            case LOOKUP, ACCESS, READLINK, READ, READDIR, READDIRPLUS, FSSTAT, FSINFO, PATHCONF ->
                new Nfs3Result.AttributesFailure(status, attributesOrNull());
            case SETATTR, WRITE, CREATE, MKDIR, SYMLINK, MKNOD, REMOVE, RMDIR, COMMIT ->
                new Nfs3Result.WccFailure(status, wcc());
            case RENAME -> new Nfs3Result.RenameFailure(status, wcc(), wcc());
            case LINK -> new Nfs3Result.LinkFailure(status, attributesOrNull(), wcc());
        };
    }

    private Nfs3Result success(Nfs3Procedure procedure) throws MalformedMessageException {
        return switch (procedure) {
            case NULL -> throw new MalformedMessageException("NULL has no result");
            case GETATTR -> new Nfs3Result.GetAttrOk(attributes());
            case SETATTR, REMOVE, RMDIR -> new Nfs3Result.WccOk(wcc());
            case LOOKUP -> new Nfs3Result.LookupOk(handle(), attributesOrNull(), attributesOrNull());
            case ACCESS -> new Nfs3Result.AccessOk(attributesOrNull(), in.readInt());
            case READLINK -> new Nfs3Result.ReadLinkOk(attributesOrNull(), in.readOpaque(Nfs3Limits.TARGET_BYTES_MAX));
            case READ ->
                new Nfs3Result.ReadOk(
                        attributesOrNull(),
                        in.readInt(),
                        in.readBoolean(),
                        in.readOpaqueSlice(Nfs3Limits.TRANSFER_BYTES_MAX));
            case WRITE -> new Nfs3Result.WriteOk(wcc(), in.readInt(), StableHow.values()[in.readInt()], in.readLong());
            case CREATE, MKDIR, SYMLINK, MKNOD ->
                new Nfs3Result.CreateOk(in.readBoolean() ? handle() : null, attributesOrNull(), wcc());
            case RENAME -> new Nfs3Result.RenameOk(wcc(), wcc());
            case LINK -> new Nfs3Result.LinkOk(attributesOrNull(), wcc());
            case READDIR, READDIRPLUS ->
                new Nfs3Result.ReadDirOk(attributesOrNull(), in.readLong(), in.readSlice(in.remaining()));
            case FSSTAT ->
                new Nfs3Result.FsStatOk(
                        attributesOrNull(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readInt());
            case FSINFO ->
                new Nfs3Result.FsInfoOk(
                        attributesOrNull(),
                        in.readInt(),
                        in.readInt(),
                        in.readInt(),
                        in.readInt(),
                        in.readInt(),
                        in.readInt(),
                        in.readInt(),
                        in.readLong(),
                        NfsTime3.read(in),
                        in.readInt());
            case PATHCONF ->
                new Nfs3Result.PathConfOk(
                        attributesOrNull(),
                        in.readInt(),
                        in.readInt(),
                        in.readBoolean(),
                        in.readBoolean(),
                        in.readBoolean(),
                        in.readBoolean());
            case COMMIT -> new Nfs3Result.CommitOk(wcc(), in.readLong());
        };
    }

    private Nfs3Status status() throws MalformedMessageException {
        int code = in.readInt();
        for (Nfs3Status status : Nfs3Status.values()) {
            if (status.code() == code) {
                return status;
            }
        }
        throw new MalformedMessageException("status " + code);
    }

    private byte[] handle() throws MalformedMessageException {
        return in.readOpaque(Nfs3Limits.HANDLE_BYTES_MAX);
    }

    private Fattr3 attributesOrNull() throws MalformedMessageException {
        return in.readBoolean() ? attributes() : null;
    }

    private Fattr3 attributes() throws MalformedMessageException {
        return new Fattr3(
                FileType3.read(in),
                in.readInt(),
                in.readInt(),
                in.readInt(),
                in.readInt(),
                in.readLong(),
                in.readLong(),
                in.readInt(),
                in.readInt(),
                in.readLong(),
                in.readLong(),
                NfsTime3.read(in),
                NfsTime3.read(in),
                NfsTime3.read(in));
    }

    private WccData wcc() throws MalformedMessageException {
        WccData.Before before =
                in.readBoolean() ? new WccData.Before(in.readLong(), NfsTime3.read(in), NfsTime3.read(in)) : null;
        return new WccData(before, attributesOrNull());
    }
}
