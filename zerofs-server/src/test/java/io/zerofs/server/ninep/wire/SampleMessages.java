// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One message of each type, as the golden file has them. */
public final class SampleMessages {
    private static final Qid FILE = new Qid(Qid.FILE, 1, 5);

    private SampleMessages() {}

    public static int tagOf(MessageType type) {
        return switch (type) {
            case TVERSION, RVERSION -> MessageHeader.NO_TAG;
            case TFLUSH, RFLUSH -> 2;
            default -> 1;
        };
    }

    public static Map<MessageType, Tmessage> requests() {
        Map<MessageType, Tmessage> samples = new LinkedHashMap<>();
        for (Tmessage message : List.of(
                new Tmessage.Tversion(1 << 20, text("9P2000.L")),
                new Tmessage.Tauth(9, text("u"), text("a"), 1000),
                new Tmessage.Tattach(1, MessageHeader.NO_FID, text("root"), text("/sub"), -1),
                new Tmessage.Tflush(1),
                new Tmessage.Twalk(1, 2, new byte[][] {text("a"), text("..")}),
                new Tmessage.Tlopen(1, OpenFlags.READ_WRITE | OpenFlags.TRUNCATE),
                new Tmessage.Tlcreate(1, text("f"), OpenFlags.WRITE_ONLY | OpenFlags.EXCLUSIVE, 0644, 100),
                new Tmessage.Tread(1, 1L << 32, 3),
                new Tmessage.Twrite(1, 1L << 32, Unpooled.wrappedBuffer(text("abc"))),
                new Tmessage.Tclunk(1),
                new Tmessage.Tremove(1),
                new Tmessage.Tstatfs(1),
                new Tmessage.Tsymlink(1, text("l"), text("to"), 100),
                new Tmessage.Tmknod(1, text("d"), 0020644, 1, 3, 100),
                new Tmessage.Trename(1, 2, text("n")),
                new Tmessage.Treadlink(1),
                new Tmessage.Tgetattr(1, GetattrMask.ALL),
                new Tmessage.Tsetattr(
                        1,
                        SetattrValid.MODE | SetattrValid.SIZE | SetattrValid.MODIFIED | SetattrValid.MODIFIED_SET,
                        0644,
                        1,
                        2,
                        3,
                        new WireTime(1, 2),
                        new WireTime(3, 4)),
                new Tmessage.Txattrwalk(1, 2, text("user.a")),
                new Tmessage.Txattrcreate(1, text("user.a"), 5, 1),
                new Tmessage.Treaddir(1, 2, 4096),
                new Tmessage.Tfsync(1, true),
                new Tmessage.Tlock(1, LockType.WRITE, Tmessage.Tlock.BLOCK, new LockRange(10, 5), owner(77)),
                new Tmessage.Tgetlock(1, LockType.READ, new LockRange(10, 5), owner(77)),
                new Tmessage.Tlink(1, 2, text("l")),
                new Tmessage.Tmkdir(1, text("d"), 0755, 100),
                new Tmessage.Trenameat(1, text("a"), 2, text("b")),
                new Tmessage.Tunlinkat(1, text("d"), Tmessage.Tunlinkat.REMOVE_DIRECTORY))) {
            samples.put(message.type(), message);
        }
        return samples;
    }

    public static Map<MessageType, Rmessage> replies() {
        Map<MessageType, Rmessage> samples = new LinkedHashMap<>();
        for (Rmessage message : List.of(
                new Rmessage.Rversion(1 << 20, text("9P2000.L")),
                new Rmessage.Named(MessageType.RATTACH, new Qid(Qid.DIRECTORY, 2, 1)),
                Rmessage.Empty.RFLUSH,
                new Rmessage.Rwalk(List.of(FILE, new Qid(Qid.DIRECTORY, 3, 1))),
                new Rmessage.Opened(MessageType.RLOPEN, FILE, 0),
                new Rmessage.Opened(MessageType.RLCREATE, FILE, 0),
                new Rmessage.Data(MessageType.RREAD, data(text("abc"))),
                new Rmessage.Rwrite(3),
                Rmessage.Empty.RCLUNK,
                Rmessage.Empty.RREMOVE,
                new Rmessage.Rlerror(Errno.ENOENT.number()),
                new Rmessage.Rstatfs(0x01021997, 4096, 10, 9, 8, 7, 6, 5, 255),
                new Rmessage.Named(MessageType.RSYMLINK, new Qid(Qid.SYMLINK, 1, 6)),
                new Rmessage.Named(MessageType.RMKNOD, new Qid(Qid.FILE, 1, 7)),
                Rmessage.Empty.RRENAME,
                new Rmessage.Rreadlink(text("to")),
                attributes(),
                Rmessage.Empty.RSETATTR,
                new Rmessage.Rxattrwalk(5),
                Rmessage.Empty.RXATTRCREATE,
                new Rmessage.Data(MessageType.RREADDIR, entry()),
                Rmessage.Empty.RFSYNC,
                new Rmessage.Rlock(LockStatus.BLOCKED),
                new Rmessage.Rgetlock(LockType.WRITE, new LockRange(10, 5), owner(78)),
                Rmessage.Empty.RLINK,
                new Rmessage.Named(MessageType.RMKDIR, new Qid(Qid.DIRECTORY, 1, 8)),
                Rmessage.Empty.RRENAMEAT,
                Rmessage.Empty.RUNLINKAT)) {
            samples.put(message.type(), message);
        }
        return samples;
    }

    private static Rmessage attributes() {
        return new Rmessage.Rgetattr(
                GetattrMask.ALL,
                FILE,
                0100644,
                1,
                2,
                1,
                0,
                3,
                256 * 1024,
                8,
                new WireTime(1, 2),
                new WireTime(3, 4),
                new WireTime(5, 6),
                new WireTime(7, 8),
                9,
                10);
    }

    private static ByteBuf data(byte[] bytes) {
        return Unpooled.buffer().writeZero(MessageHeader.DATA_OFFSET).writeBytes(bytes);
    }

    private static ByteBuf entry() {
        ByteBuf bytes = data(new byte[] {0, 0, 0, 0, 0}).writeLongLE(5).writeLongLE(3);
        return bytes.writeByte(8).writeShortLE(1).writeBytes(text("f"));
    }

    private static LockOwner owner(int process) {
        return new LockOwner(process, text("h"));
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
