// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.LittleEndianReader;
import io.zerofs.server.bytes.MalformedMessageException;
import java.util.ArrayList;
import java.util.List;

/** The client's half of the codec: replies from messages, for tests. */
public final class RmessageDecoder {
    private RmessageDecoder() {}

    /** Decodes a whole message that the caller keeps; data stays in it. */
    public static Rmessage decode(ByteBuf bytes) throws MalformedMessageException {
        MessageType type = MessageType.ofCode(MessageHeader.type(bytes));
        ByteBuf body = bytes.slice().skipBytes(MessageHeader.HEADER_BYTES);
        LittleEndianReader in = new LittleEndianReader(body);
        if (type == MessageType.RREAD || type == MessageType.RREADDIR) {
            if (in.readU32() != in.remaining()) {
                throw new MalformedMessageException("count and data differ");
            }
            return new Rmessage.Data(type, bytes);
        }
        Rmessage message = small(type, in);
        in.requireEnd();
        return message;
    }

    private static Rmessage small(MessageType type, LittleEndianReader in) throws MalformedMessageException {
        return switch (type) {
            case RRENAME, RSETATTR, RXATTRCREATE, RFSYNC, RLINK, RRENAMEAT, RUNLINKAT, RFLUSH, RCLUNK, RREMOVE ->
                new Rmessage.Empty(type);
            case RSYMLINK, RMKNOD, RMKDIR, RATTACH -> new Rmessage.Named(type, qid(in));
            case RLOPEN, RLCREATE -> new Rmessage.Opened(type, qid(in), in.readU32());
            case RLERROR -> new Rmessage.Rlerror(in.readU32());
            case RVERSION -> new Rmessage.Rversion(in.readU32(), in.readString(0xFFFF));
            case RWALK -> new Rmessage.Rwalk(qids(in));
            case RWRITE -> new Rmessage.Rwrite(in.readU32());
            case RREADLINK -> new Rmessage.Rreadlink(in.readString(0xFFFF));
            case RXATTRWALK -> new Rmessage.Rxattrwalk(in.readU64());
            case RLOCK -> new Rmessage.Rlock(LockStatus.values()[in.readU8()]);
            case RGETLOCK ->
                new Rmessage.Rgetlock(
                        LockType.ofCode(in.readU8()),
                        new LockRange(in.readU64(), in.readU64()),
                        new LockOwner(in.readU32(), in.readString(0xFFFF)));
            case RSTATFS ->
                new Rmessage.Rstatfs(
                        in.readU32(),
                        in.readU32(),
                        in.readU64(),
                        in.readU64(),
                        in.readU64(),
                        in.readU64(),
                        in.readU64(),
                        in.readU64(),
                        in.readU32());
            case RGETATTR -> attributes(in);
            default -> throw new MalformedMessageException("a server sent " + type);
        };
    }

    private static Rmessage attributes(LittleEndianReader in) throws MalformedMessageException {
        return new Rmessage.Rgetattr(
                in.readU64(),
                qid(in),
                in.readU32(),
                in.readU32(),
                in.readU32(),
                in.readU64(),
                in.readU64(),
                in.readU64(),
                in.readU64(),
                in.readU64(),
                time(in),
                time(in),
                time(in),
                time(in),
                in.readU64(),
                in.readU64());
    }

    private static Qid qid(LittleEndianReader in) throws MalformedMessageException {
        return new Qid(in.readU8(), in.readU32(), in.readU64());
    }

    private static List<Qid> qids(LittleEndianReader in) throws MalformedMessageException {
        int count = in.readU16();
        List<Qid> qids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            qids.add(qid(in));
        }
        return qids;
    }

    private static WireTime time(LittleEndianReader in) throws MalformedMessageException {
        return new WireTime(in.readU64(), in.readU64());
    }
}
