// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.LittleEndianReader;
import io.zerofs.server.bytes.MalformedMessageException;

/** Decodes the bodies of requests. The header was checked before, so its length bounds the strings. */
public final class TmessageDecoder {
    /** Maximum names in one Twalk (P9_MAXWELEM). */
    public static final int WALK_NAMES_MAX = 16;

    /** Maximum bytes of a client machine's name in a lock; Linux sends its node name, of at most 64 bytes. */
    public static final int CLIENT_BYTES_MAX = 255;

    private static final int STRING_BYTES_MAX = 0xFFFF;

    private TmessageDecoder() {}

    /**
     * Decodes a body.
     *
     * @param type type of the message, a request
     * @param body bytes after the header; a Twrite keeps a slice of them
     * @throws MalformedMessageException if the body is too short, too long or has an impossible value
     */
    public static Tmessage decode(MessageType type, ByteBuf body) throws MalformedMessageException {
        LittleEndianReader in = new LittleEndianReader(body);
        Tmessage message = switch (type) {
            case TVERSION -> new Tmessage.Tversion(in.readU32(), string(in));
            case TFLUSH -> new Tmessage.Tflush(in.readU16());
            case TAUTH -> new Tmessage.Tauth(in.readU32(), string(in), string(in), in.readU32());
            case TATTACH -> new Tmessage.Tattach(in.readU32(), in.readU32(), string(in), string(in), in.readU32());
            case TWALK, TCLUNK, TREMOVE, TSTATFS, TREADLINK, TGETATTR, TSETATTR -> onFid(type, in);
            case TLOPEN, TLCREATE, TREAD, TWRITE, TREADDIR, TFSYNC, TLOCK, TGETLOCK -> onOpenFile(type, in);
            case TXATTRWALK -> new Tmessage.Txattrwalk(in.readU32(), in.readU32(), string(in));
            case TXATTRCREATE -> new Tmessage.Txattrcreate(in.readU32(), string(in), in.readU64(), in.readU32());
            case TSYMLINK, TMKNOD, TRENAME, TLINK, TMKDIR, TRENAMEAT, TUNLINKAT -> onName(type, in);
            case RLERROR,
                    RSTATFS,
                    RLOPEN,
                    RLCREATE,
                    RSYMLINK,
                    RMKNOD,
                    RRENAME,
                    RREADLINK,
                    RGETATTR,
                    RSETATTR,
                    RXATTRWALK,
                    RXATTRCREATE,
                    RREADDIR,
                    RFSYNC,
                    RLOCK,
                    RGETLOCK,
                    RLINK,
                    RMKDIR,
                    RRENAMEAT,
                    RUNLINKAT,
                    RVERSION,
                    RAUTH,
                    RATTACH,
                    RFLUSH,
                    RWALK,
                    RREAD,
                    RWRITE,
                    RCLUNK,
                    RREMOVE -> throw new MalformedMessageException("a client sent " + type);
        };
        in.requireEnd();
        return message;
    }

    private static Tmessage onFid(MessageType type, LittleEndianReader in) throws MalformedMessageException {
        int fid = in.readU32();
        return switch (type) {
            case TWALK -> new Tmessage.Twalk(fid, in.readU32(), walkNames(in));
            case TCLUNK -> new Tmessage.Tclunk(fid);
            case TREMOVE -> new Tmessage.Tremove(fid);
            case TSTATFS -> new Tmessage.Tstatfs(fid);
            case TREADLINK -> new Tmessage.Treadlink(fid);
            case TGETATTR -> new Tmessage.Tgetattr(fid, in.readU64());
            default ->
                new Tmessage.Tsetattr(
                        fid, in.readU32(), in.readU32(), in.readU32(), in.readU32(), in.readU64(), time(in), time(in));
        };
    }

    private static Tmessage onOpenFile(MessageType type, LittleEndianReader in) throws MalformedMessageException {
        int fid = in.readU32();
        return switch (type) {
            case TLOPEN -> new Tmessage.Tlopen(fid, in.readU32());
            case TLCREATE -> new Tmessage.Tlcreate(fid, string(in), in.readU32(), in.readU32(), in.readU32());
            case TREAD -> new Tmessage.Tread(fid, in.readU64(), in.readU32());
            case TWRITE -> new Tmessage.Twrite(fid, in.readU64(), in.readDataSlice(Integer.MAX_VALUE));
            case TREADDIR -> new Tmessage.Treaddir(fid, in.readU64(), in.readU32());
            // Linux before 3.0 did not send the second word.
            case TFSYNC -> new Tmessage.Tfsync(fid, in.remaining() > 0 && in.readU32() != 0);
            case TLOCK -> new Tmessage.Tlock(fid, LockType.ofCode(in.readU8()), in.readU32(), range(in), owner(in));
            default -> new Tmessage.Tgetlock(fid, LockType.ofCode(in.readU8()), range(in), owner(in));
        };
    }

    private static Tmessage onName(MessageType type, LittleEndianReader in) throws MalformedMessageException {
        int fid = in.readU32();
        return switch (type) {
            case TSYMLINK -> new Tmessage.Tsymlink(fid, string(in), string(in), in.readU32());
            case TMKNOD -> new Tmessage.Tmknod(fid, string(in), in.readU32(), in.readU32(), in.readU32(), in.readU32());
            case TRENAME -> new Tmessage.Trename(fid, in.readU32(), string(in));
            case TLINK -> new Tmessage.Tlink(fid, in.readU32(), string(in));
            case TMKDIR -> new Tmessage.Tmkdir(fid, string(in), in.readU32(), in.readU32());
            case TRENAMEAT -> new Tmessage.Trenameat(fid, string(in), in.readU32(), string(in));
            default -> new Tmessage.Tunlinkat(fid, string(in), in.readU32());
        };
    }

    private static byte[][] walkNames(LittleEndianReader in) throws MalformedMessageException {
        int count = in.readU16();
        if (count > WALK_NAMES_MAX) {
            throw new MalformedMessageException("walk of " + count + " names");
        }
        byte[][] names = new byte[count][];
        for (int i = 0; i < count; i++) {
            names[i] = string(in);
        }
        return names;
    }

    private static byte[] string(LittleEndianReader in) throws MalformedMessageException {
        return in.readString(STRING_BYTES_MAX);
    }

    private static WireTime time(LittleEndianReader in) throws MalformedMessageException {
        return new WireTime(in.readU64(), in.readU64());
    }

    private static LockRange range(LittleEndianReader in) throws MalformedMessageException {
        return new LockRange(in.readU64(), in.readU64());
    }

    private static LockOwner owner(LittleEndianReader in) throws MalformedMessageException {
        return new LockOwner(in.readU32(), in.readString(CLIENT_BYTES_MAX));
    }
}
