// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.GetattrMask;
import io.zerofs.server.ninep.wire.MessageHeader;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.RmessageDecoder;
import io.zerofs.server.ninep.wire.Tmessage;
import io.zerofs.server.ninep.wire.TmessageEncoder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A 9P client for tests: sends any message on any tag, and waits for the reply on a tag. Replies are taken as they come;
 * one thread sends, another may receive.
 */
public abstract class NinePClient implements AutoCloseable {
    public static final int MSIZE = 64 * 1024;
    public static final int ROOT = 0;
    public static final byte[] VERSION = bytes("9P2000.L");
    private static final long REPLY_SECONDS_MAX = 60;

    private final Map<Integer, BlockingQueue<Rmessage>> replies = new ConcurrentHashMap<>();
    private int nextTag = 1000;

    public abstract void send(ByteBuf bytes) throws IOException;

    @Override
    public abstract void close();

    /** Takes a whole message that the server sent; it is not kept. */
    protected void received(ByteBuf bytes) throws MalformedMessageException {
        int tag = MessageHeader.tag(bytes);
        queue(tag).add(RmessageDecoder.decode(Unpooled.copiedBuffer(bytes)));
    }

    private BlockingQueue<Rmessage> queue(int tag) {
        return replies.computeIfAbsent(tag, any -> new LinkedBlockingQueue<>());
    }

    public void send(int tag, Tmessage message) throws IOException {
        send(TmessageEncoder.encode(tag, message));
    }

    /** The reply on a tag, waited for. */
    public Rmessage await(int tag) throws IOException, InterruptedException {
        Rmessage reply = queue(tag).poll(REPLY_SECONDS_MAX, TimeUnit.SECONDS);
        if (reply == null) {
            throw new IOException("no reply on tag " + tag);
        }
        return reply;
    }

    public boolean hasReply(int tag) {
        return !queue(tag).isEmpty();
    }

    public Rmessage call(Tmessage message) throws IOException, InterruptedException {
        int tag = message instanceof Tmessage.Tversion ? MessageHeader.NO_TAG : nextTag++ & 0x7FFF;
        send(tag, message);
        return await(tag);
    }

    /** The error that a message is answered with; null if it is none. */
    public Errno error(Tmessage message) throws IOException, InterruptedException {
        return errno(call(message));
    }

    public static Errno errno(Rmessage reply) {
        if (!(reply instanceof Rmessage.Rlerror error)) {
            return null;
        }
        return Arrays.stream(Errno.values())
                .filter(errno -> errno.number() == error.errno())
                .findFirst()
                .orElseThrow();
    }

    /** A call that must succeed. */
    public <T extends Rmessage> T ok(Class<T> type, Tmessage message) throws IOException, InterruptedException {
        Rmessage reply = call(message);
        if (!type.isInstance(reply)) {
            throw new AssertionError(message.type() + " was answered with " + reply);
        }
        return type.cast(reply);
    }

    public void ok(Tmessage message) throws IOException, InterruptedException {
        Errno error = error(message);
        if (error != null) {
            throw new AssertionError(message.type() + " failed with " + error);
        }
    }

    public int version(int msize) throws IOException, InterruptedException {
        return ok(Rmessage.Rversion.class, new Tmessage.Tversion(msize, VERSION))
                .msize();
    }

    /** Negotiates and attaches the root of the volume. */
    public NinePClient begin(int uid) throws IOException, InterruptedException {
        version(MSIZE);
        attach(ROOT, uid);
        return this;
    }

    public void attach(int fid, int uid) throws IOException, InterruptedException {
        attach(fid, "/", uid);
    }

    public void attach(int fid, String tree, int uid) throws IOException, InterruptedException {
        ok(new Tmessage.Tattach(fid, MessageHeader.NO_FID, bytes("root"), bytes(tree), uid));
    }

    public static Tmessage.Twalk walkMessage(int fid, int newFid, String... names) {
        return new Tmessage.Twalk(
                fid, newFid, Arrays.stream(names).map(NinePClient::bytes).toArray(byte[][]::new));
    }

    /** Walks all the way. */
    public void walk(int fid, int newFid, String... names) throws IOException, InterruptedException {
        Rmessage.Rwalk reply = ok(Rmessage.Rwalk.class, walkMessage(fid, newFid, names));
        if (reply.qids().size() != names.length) {
            throw new AssertionError("walked " + reply.qids().size() + " of " + names.length);
        }
    }

    public void open(int fid, int flags) throws IOException, InterruptedException {
        ok(new Tmessage.Tlopen(fid, flags));
    }

    /** Makes a file in the directory and leaves the fid open on it. */
    public void create(int directory, int fid, String name, int flags, int mode)
            throws IOException, InterruptedException {
        walk(directory, fid);
        ok(new Tmessage.Tlcreate(fid, bytes(name), flags, mode, 0));
    }

    public void write(int fid, long offset, String text) throws IOException, InterruptedException {
        ok(writeMessage(fid, offset, text));
    }

    public static Tmessage.Twrite writeMessage(int fid, long offset, String text) {
        return new Tmessage.Twrite(fid, offset, Unpooled.wrappedBuffer(bytes(text)));
    }

    public String read(int fid, long offset, int count) throws IOException, InterruptedException {
        ByteBuf bytes =
                ok(Rmessage.Data.class, new Tmessage.Tread(fid, offset, count)).bytes();
        return bytes.toString(
                MessageHeader.DATA_OFFSET,
                bytes.writerIndex() - MessageHeader.DATA_OFFSET,
                StandardCharsets.ISO_8859_1);
    }

    public Rmessage.Rgetattr attributes(int fid) throws IOException, InterruptedException {
        return ok(Rmessage.Rgetattr.class, new Tmessage.Tgetattr(fid, GetattrMask.ALL));
    }

    public void clunk(int fid) throws IOException, InterruptedException {
        ok(new Tmessage.Tclunk(fid));
    }

    /** An entry of a listing. */
    public record Entry(long inode, long offset, int type, String name) {}

    /** One Rreaddir, taken apart. */
    public List<Entry> list(int fid, long offset, int count) throws IOException, InterruptedException {
        ByteBuf data = ok(Rmessage.Data.class, new Tmessage.Treaddir(fid, offset, count))
                .bytes();
        data.readerIndex(MessageHeader.DATA_OFFSET);
        List<Entry> entries = new ArrayList<>();
        while (data.isReadable()) {
            data.skipBytes(5);
            long inode = data.readLongLE();
            long position = data.readLongLE();
            int type = data.readUnsignedByte();
            byte[] name = new byte[data.readUnsignedShortLE()];
            data.readBytes(name);
            entries.add(new Entry(inode, position, type, new String(name, StandardCharsets.ISO_8859_1)));
        }
        return entries;
    }

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
