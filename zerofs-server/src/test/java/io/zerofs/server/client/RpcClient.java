// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.server.bytes.XdrReader;
import io.zerofs.server.bytes.XdrWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Calls over one connection, any number in flight. A connected client has a thread that completes a future for each call,
 * and is thread-safe. A client that is alone has none: its only caller also reads the replies, which is faster.
 */
public final class RpcClient implements AutoCloseable {
    private static final int LAST_FRAGMENT = 0x8000_0000;
    private static final int MARK_BYTES = 4;
    private static final int REPLY_HEADER_BYTES = 24;
    private static final int REPLY_SECONDS_MAX = 60;

    private final ClientSocket socket;
    private final boolean alone;
    private final AtomicInteger nextXid = new AtomicInteger(1);
    private final Map<Integer, CompletableFuture<Reply>> pending = new ConcurrentHashMap<>();

    private RpcClient(int port, boolean alone) throws IOException {
        this.socket = new ClientSocket(ClientSocket.loopback(port));
        this.alone = alone;
    }

    public static RpcClient connect(int port) throws IOException {
        RpcClient client = new RpcClient(port, false);
        Thread reader = new Thread(client::readReplies, "rpc-client");
        reader.setDaemon(true);
        reader.start();
        return client;
    }

    public static RpcClient alone(int port) throws IOException {
        return new RpcClient(port, true);
    }

    /** A reply after its message type: reply_stat, and for an accepted call accept_stat; the rest can be read. */
    public record Reply(int xid, int replyStatus, int acceptStatus, XdrReader rest) {
        public boolean isSuccess() {
            return replyStatus == 0 && acceptStatus == 0;
        }
    }

    /** The fields of a call besides its arguments. */
    public record Header(int program, int version, int procedure, int uid, int gid, int... groups) {}

    public ClientSocket socket() {
        return socket;
    }

    /** The bytes of a call with its record mark. */
    public static ByteBuf encode(int xid, Header header, Consumer<XdrWriter> arguments) {
        ByteBuf record = Unpooled.buffer();
        encodeTo(record, xid, header, arguments);
        return record;
    }

    private static void encodeTo(ByteBuf bytes, int xid, Header header, Consumer<XdrWriter> arguments) {
        int start = bytes.writerIndex();
        XdrWriter out = new XdrWriter(bytes);
        out.writeInt(0).writeInt(xid).writeInt(0).writeInt(2);
        out.writeInt(header.program).writeInt(header.version).writeInt(header.procedure);
        // AUTH_SYS: stamp, the machine's name "test", user and groups; no verifier.
        out.writeInt(1).writeInt(4 + 8 + 12 + 4 * header.groups.length);
        out.writeInt(0).writeInt(4).writeInt(0x74657374).writeInt(header.uid).writeInt(header.gid);
        out.writeInt(header.groups.length);
        for (int group : header.groups) {
            out.writeInt(group);
        }
        out.writeInt(0).writeInt(0);
        arguments.accept(out);
        bytes.setInt(start, LAST_FRAGMENT | bytes.writerIndex() - start - MARK_BYTES);
    }

    public CompletableFuture<Reply> call(Header header, Consumer<XdrWriter> arguments) {
        int xid = nextXid.getAndIncrement();
        return send(xid, encode(xid, header, arguments));
    }

    /** Sends a record as it is and expects the reply to this call. */
    public CompletableFuture<Reply> send(int xid, ByteBuf record) {
        CompletableFuture<Reply> reply = new CompletableFuture<>();
        pending.put(xid, reply);
        try {
            socket.send(record);
        } catch (IOException e) {
            reply.completeExceptionally(e);
        }
        return reply;
    }

    /** Appends a call to those that the next flush of the socket sends. */
    public int add(Header header, Consumer<XdrWriter> arguments) {
        int xid = nextXid.getAndIncrement();
        encodeTo(socket.out(), xid, header, arguments);
        return xid;
    }

    /** Calls and waits for the reply. */
    public Reply await(Header header, Consumer<XdrWriter> arguments) throws IOException {
        if (!alone) {
            return get(call(header, arguments));
        }
        int xid = add(header, arguments);
        socket.flush();
        Reply reply = readReply();
        if (reply.xid != xid) {
            throw new IOException("a reply to call " + reply.xid + " instead of " + xid);
        }
        return reply;
    }

    /** Waits for a reply, for a bounded time. */
    public static <T> T get(CompletableFuture<T> future) throws IOException {
        try {
            return future.get(REPLY_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } catch (TimeoutException | InterruptedException e) {
            throw new IOException("no reply", e);
        }
    }

    /**
     * Waits for a reply and drops all received ones. Each must be a success; only the status of its results is read.
     */
    public int skipReplies() throws IOException {
        int replies = 0;
        do {
            ByteBuffer in = socket.await(MARK_BYTES + REPLY_HEADER_BYTES);
            int at = in.position();
            int length = in.getInt(at) & ~LAST_FRAGMENT;
            int status = in.getInt(at + 3 * Integer.BYTES) | in.getInt(at + REPLY_HEADER_BYTES);
            if (length > REPLY_HEADER_BYTES) {
                in = socket.await(MARK_BYTES + REPLY_HEADER_BYTES + Integer.BYTES);
                status |= in.getInt(in.position() + MARK_BYTES + REPLY_HEADER_BYTES);
            }
            if (status != 0) {
                throw new IOException("status " + status);
            }
            socket.skip(MARK_BYTES + length);
            replies++;
        } while (socket.available() >= MARK_BYTES + REPLY_HEADER_BYTES);
        return replies;
    }

    private Reply readReply() throws IOException {
        int length = socket.await(MARK_BYTES).getInt() & ~LAST_FRAGMENT;
        ByteBuf bytes = Unpooled.wrappedBuffer(socket.take(length));
        int xid = bytes.readInt();
        bytes.skipBytes(Integer.BYTES);
        int replyStatus = bytes.readInt();
        int acceptStatus = 0;
        if (replyStatus == 0) {
            bytes.skipBytes(2 * Integer.BYTES);
            acceptStatus = bytes.readInt();
        }
        return new Reply(xid, replyStatus, acceptStatus, new XdrReader(bytes));
    }

    private void readReplies() {
        try {
            while (true) {
                Reply reply = readReply();
                CompletableFuture<Reply> waiting = pending.remove(reply.xid);
                if (waiting == null) {
                    throw new IOException("a second reply to call " + reply.xid);
                }
                waiting.complete(reply);
            }
        } catch (IOException e) {
            pending.values().forEach(waiting -> waiting.completeExceptionally(e));
        }
    }

    /** Ends the connection as one that breaks. */
    public void reset() throws IOException {
        socket.reset();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
