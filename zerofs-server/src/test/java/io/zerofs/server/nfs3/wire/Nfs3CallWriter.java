// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.XdrWriter;

/** Calls to bytes, as a client writes them. */
public final class Nfs3CallWriter implements Nfs3Handler<RuntimeException> {
    private final XdrWriter out;

    private Nfs3CallWriter(XdrWriter out) {
        this.out = out;
    }

    public static void write(Nfs3Call call, XdrWriter out) {
        call.applyTo(new Nfs3CallWriter(out));
    }

    private static void write(XdrWriter out, Integer value) {
        out.writeBoolean(value != null);
        if (value != null) {
            out.writeInt(value);
        }
    }

    private static void write(XdrWriter out, Sattr3.SetTime time) {
        out.writeInt(time.how().ordinal());
        if (time.time() != null) {
            time.time().write(out);
        }
    }

    private Nfs3CallWriter attributes(Sattr3 attributes) {
        write(out, attributes.mode());
        write(out, attributes.uid());
        write(out, attributes.gid());
        out.writeBoolean(attributes.size() != null);
        if (attributes.size() != null) {
            out.writeLong(attributes.size());
        }
        write(out, attributes.accessed());
        write(out, attributes.modified());
        return this;
    }

    private Nfs3CallWriter opaque(byte[] bytes) {
        out.writeOpaque(bytes);
        return this;
    }

    @Override
    public Nfs3Result getAttr(Nfs3Call.GetAttr call) {
        opaque(call.object());
        return null;
    }

    @Override
    public Nfs3Result setAttr(Nfs3Call.SetAttr call) {
        opaque(call.object()).attributes(call.attributes());
        out.writeBoolean(call.guard() != null);
        if (call.guard() != null) {
            call.guard().write(out);
        }
        return null;
    }

    @Override
    public Nfs3Result lookup(Nfs3Call.Lookup call) {
        opaque(call.directory()).opaque(call.name());
        return null;
    }

    @Override
    public Nfs3Result access(Nfs3Call.Access call) {
        opaque(call.object());
        out.writeInt(call.access());
        return null;
    }

    @Override
    public Nfs3Result readLink(Nfs3Call.ReadLink call) {
        opaque(call.symlink());
        return null;
    }

    @Override
    public Nfs3Result read(Nfs3Call.Read call) {
        opaque(call.file());
        out.writeLong(call.offset()).writeInt(call.count());
        return null;
    }

    @Override
    public Nfs3Result write(Nfs3Call.Write call) {
        opaque(call.file());
        ByteBuf data = call.data();
        int length = data.readableBytes();
        out.writeLong(call.offset())
                .writeInt(length)
                .writeInt(call.stable().code())
                .writeInt(length);
        out.buffer().writeBytes(data, data.readerIndex(), length);
        out.writePadding(length);
        return null;
    }

    @Override
    public Nfs3Result create(Nfs3Call.Create call) {
        opaque(call.directory()).opaque(call.name());
        out.writeInt(call.mode().ordinal());
        if (call.mode() == Nfs3Call.Create.Mode.EXCLUSIVE) {
            out.writeLong(call.verifier());
        } else {
            attributes(call.attributes());
        }
        return null;
    }

    @Override
    public Nfs3Result makeDirectory(Nfs3Call.MkDir call) {
        opaque(call.directory()).opaque(call.name()).attributes(call.attributes());
        return null;
    }

    @Override
    public Nfs3Result symlink(Nfs3Call.Symlink call) {
        opaque(call.directory())
                .opaque(call.name())
                .attributes(call.attributes())
                .opaque(call.target());
        return null;
    }

    @Override
    public Nfs3Result makeNode(Nfs3Call.MkNod call) {
        opaque(call.directory()).opaque(call.name());
        out.writeInt(call.type().code());
        switch (call.type()) {
            case CHARACTER_DEVICE, BLOCK_DEVICE -> {
                attributes(call.attributes());
                out.writeInt(call.major()).writeInt(call.minor());
            }
            case SOCKET, FIFO -> attributes(call.attributes());
            case REGULAR, DIRECTORY, SYMLINK -> {}
        }
        return null;
    }

    @Override
    public Nfs3Result remove(Nfs3Call.Remove call) {
        opaque(call.directory()).opaque(call.name());
        return null;
    }

    @Override
    public Nfs3Result removeDirectory(Nfs3Call.RmDir call) {
        opaque(call.directory()).opaque(call.name());
        return null;
    }

    @Override
    public Nfs3Result rename(Nfs3Call.Rename call) {
        opaque(call.fromDirectory()).opaque(call.fromName());
        opaque(call.toDirectory()).opaque(call.toName());
        return null;
    }

    @Override
    public Nfs3Result link(Nfs3Call.Link call) {
        opaque(call.file()).opaque(call.directory()).opaque(call.name());
        return null;
    }

    @Override
    public Nfs3Result readDir(Nfs3Call.ReadDir call) {
        opaque(call.directory());
        out.writeLong(call.cookie()).writeLong(call.verifier()).writeInt(call.count());
        return null;
    }

    @Override
    public Nfs3Result readDirPlus(Nfs3Call.ReadDirPlus call) {
        opaque(call.directory());
        out.writeLong(call.cookie())
                .writeLong(call.verifier())
                .writeInt(call.directoryCount())
                .writeInt(call.count());
        return null;
    }

    @Override
    public Nfs3Result fsStat(Nfs3Call.FsStat call) {
        opaque(call.root());
        return null;
    }

    @Override
    public Nfs3Result fsInfo(Nfs3Call.FsInfo call) {
        opaque(call.root());
        return null;
    }

    @Override
    public Nfs3Result pathConf(Nfs3Call.PathConf call) {
        opaque(call.object());
        return null;
    }

    @Override
    public Nfs3Result commit(Nfs3Call.Commit call) {
        opaque(call.file());
        out.writeLong(call.offset()).writeInt(call.count());
        return null;
    }
}
