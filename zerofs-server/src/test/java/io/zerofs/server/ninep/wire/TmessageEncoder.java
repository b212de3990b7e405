// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.server.bytes.LittleEndianWriter;

/** The client's half of the codec: messages of requests, for tests and the load client. */
public final class TmessageEncoder
        implements NinePHandler<Void, RuntimeException>,
                NinePHandler.Fids<Void, RuntimeException>,
                NinePHandler.Names<Void, RuntimeException>,
                NinePHandler.Data<Void, RuntimeException>,
                NinePHandler.Attributes<Void, RuntimeException>,
                NinePHandler.Xattrs<Void, RuntimeException>,
                NinePHandler.Locks<Void, RuntimeException> {
    private final LittleEndianWriter out;

    private TmessageEncoder(ByteBuf bytes) {
        this.out = new LittleEndianWriter(bytes);
    }

    public static ByteBuf encode(int tag, Tmessage message) {
        ByteBuf bytes = Unpooled.buffer(64);
        encodeTo(bytes, tag, message);
        return bytes;
    }

    /** Appends a message. */
    public static void encodeTo(ByteBuf buffer, int tag, Tmessage message) {
        int start = buffer.writerIndex();
        buffer.writeZero(MessageHeader.HEADER_BYTES);
        TmessageEncoder encoder = new TmessageEncoder(buffer);
        if (message instanceof Tmessage.Tversion version) {
            encoder.out.writeU32(version.msize()).writeString(version.version());
        } else if (message instanceof Tmessage.Tflush flush) {
            encoder.out.writeU16(flush.oldTag());
        } else {
            ((Tmessage.Operation) message).applyTo(encoder);
        }
        buffer.setIntLE(start, buffer.writerIndex() - start);
        buffer.setByte(start + MessageHeader.TYPE_OFFSET, message.type().code());
        buffer.setShortLE(start + MessageHeader.TAG_OFFSET, tag);
    }

    @Override
    public TmessageEncoder fids() {
        return this;
    }

    @Override
    public TmessageEncoder names() {
        return this;
    }

    @Override
    public TmessageEncoder data() {
        return this;
    }

    @Override
    public TmessageEncoder attributes() {
        return this;
    }

    @Override
    public TmessageEncoder xattrs() {
        return this;
    }

    @Override
    public TmessageEncoder locks() {
        return this;
    }

    @Override
    public Void statistics(Tmessage.Tstatfs m) {
        out.writeU32(m.fid());
        return null;
    }

    @Override
    public Void open(Tmessage.Tlopen m) {
        out.writeU32(m.fid()).writeU32(m.flags());
        return null;
    }

    @Override
    public Void create(Tmessage.Tlcreate m) {
        out.writeU32(m.fid()).writeString(m.name());
        out.writeU32(m.flags()).writeU32(m.mode()).writeU32(m.gid());
        return null;
    }

    @Override
    public Void symlink(Tmessage.Tsymlink m) {
        out.writeU32(m.fid()).writeString(m.name()).writeString(m.target()).writeU32(m.gid());
        return null;
    }

    @Override
    public Void makeNode(Tmessage.Tmknod m) {
        out.writeU32(m.fid()).writeString(m.name()).writeU32(m.mode());
        out.writeU32(m.major()).writeU32(m.minor()).writeU32(m.gid());
        return null;
    }

    @Override
    public Void rename(Tmessage.Trename m) {
        out.writeU32(m.fid()).writeU32(m.directoryFid()).writeString(m.name());
        return null;
    }

    @Override
    public Void readLink(Tmessage.Treadlink m) {
        out.writeU32(m.fid());
        return null;
    }

    @Override
    public Void getAttributes(Tmessage.Tgetattr m) {
        out.writeU32(m.fid()).writeU64(m.mask());
        return null;
    }

    @Override
    public Void setAttributes(Tmessage.Tsetattr m) {
        out.writeU32(m.fid())
                .writeU32(m.valid())
                .writeU32(m.mode())
                .writeU32(m.uid())
                .writeU32(m.gid());
        out.writeU64(m.size())
                .writeU64(m.accessed().seconds())
                .writeU64(m.accessed().nanos());
        out.writeU64(m.modified().seconds()).writeU64(m.modified().nanos());
        return null;
    }

    @Override
    public Void xattrWalk(Tmessage.Txattrwalk m) {
        out.writeU32(m.fid()).writeU32(m.newFid()).writeString(m.name());
        return null;
    }

    @Override
    public Void xattrCreate(Tmessage.Txattrcreate m) {
        out.writeU32(m.fid()).writeString(m.name()).writeU64(m.size()).writeU32(m.flags());
        return null;
    }

    @Override
    public Void readDirectory(Tmessage.Treaddir m) {
        out.writeU32(m.fid()).writeU64(m.offset()).writeU32(m.count());
        return null;
    }

    @Override
    public Void sync(Tmessage.Tfsync m) {
        out.writeU32(m.fid()).writeU32(m.dataOnly() ? 1 : 0);
        return null;
    }

    @Override
    public Void lock(Tmessage.Tlock m) {
        out.writeU32(m.fid()).writeU8(m.lock().ordinal()).writeU32(m.flags());
        out.writeU64(m.range().start()).writeU64(m.range().length());
        out.writeU32(m.owner().process()).writeString(m.owner().client());
        return null;
    }

    @Override
    public Void getLock(Tmessage.Tgetlock m) {
        out.writeU32(m.fid()).writeU8(m.lock().ordinal());
        out.writeU64(m.range().start()).writeU64(m.range().length());
        out.writeU32(m.owner().process()).writeString(m.owner().client());
        return null;
    }

    @Override
    public Void link(Tmessage.Tlink m) {
        out.writeU32(m.directoryFid()).writeU32(m.fid()).writeString(m.name());
        return null;
    }

    @Override
    public Void makeDirectory(Tmessage.Tmkdir m) {
        out.writeU32(m.fid()).writeString(m.name()).writeU32(m.mode()).writeU32(m.gid());
        return null;
    }

    @Override
    public Void renameAt(Tmessage.Trenameat m) {
        out.writeU32(m.fromFid()).writeString(m.fromName());
        out.writeU32(m.toFid()).writeString(m.toName());
        return null;
    }

    @Override
    public Void unlinkAt(Tmessage.Tunlinkat m) {
        out.writeU32(m.fid()).writeString(m.name()).writeU32(m.flags());
        return null;
    }

    @Override
    public Void auth(Tmessage.Tauth m) {
        out.writeU32(m.authFid()).writeString(m.user()).writeString(m.tree()).writeU32(m.uid());
        return null;
    }

    @Override
    public Void attach(Tmessage.Tattach m) {
        out.writeU32(m.fid()).writeU32(m.authFid());
        out.writeString(m.user()).writeString(m.tree()).writeU32(m.uid());
        return null;
    }

    @Override
    public Void walk(Tmessage.Twalk m) {
        out.writeU32(m.fid()).writeU32(m.newFid()).writeU16(m.names().length);
        for (byte[] name : m.names()) {
            out.writeString(name);
        }
        return null;
    }

    @Override
    public Void read(Tmessage.Tread m) {
        out.writeU32(m.fid()).writeU64(m.offset()).writeU32(m.count());
        return null;
    }

    @Override
    public Void write(Tmessage.Twrite m) {
        out.writeU32(m.fid()).writeU64(m.offset()).writeU32(m.data().readableBytes());
        out.buffer().writeBytes(m.data(), m.data().readerIndex(), m.data().readableBytes());
        return null;
    }

    @Override
    public Void clunk(Tmessage.Tclunk m) {
        out.writeU32(m.fid());
        return null;
    }

    @Override
    public Void remove(Tmessage.Tremove m) {
        out.writeU32(m.fid());
        return null;
    }
}
