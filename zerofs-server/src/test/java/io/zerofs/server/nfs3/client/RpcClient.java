// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.server.bytes.XdrReader;
import io.zerofs.server.bytes.XdrWriter;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Calls over one connection, any number in flight. Thread-safe. */
public final class RpcClient implements AutoCloseable {
    private static final int LAST_FRAGMENT = 0x8000_0000;
    private static final int REPLY_HEADER_BYTES = 20;

    private final Socket socket;
    private final AtomicInteger nextXid = new AtomicInteger(1);
    private final Map<Integer, CompletableFuture<Reply>> pending = new ConcurrentHashMap<>();

    public RpcClient(int port) throws IOException {
        socket = new Socket();
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        socket.setTcpNoDelay(true);
        Thread reader = new Thread(this::readReplies, "rpc-client");
        reader.setDaemon(true);
        reader.start();
    }

    /** A reply after its message type: reply_stat, and for an accepted call accept_stat; the rest can be read. */
    public record Reply(int replyStatus, int acceptStatus, XdrReader rest) {
        public boolean isSuccess() {
            return replyStatus == 0 && acceptStatus == 0;
        }
    }

    /** The fields of a call besides its arguments. */
    public record Header(int program, int version, int procedure, int uid, int gid, int... groups) {}

    public int newXid() {
        return nextXid.getAndIncrement();
    }

    /** The bytes of a call with its record mark. */
    public static ByteBuf encode(int xid, Header header, Consumer<XdrWriter> arguments) {
        ByteBuf record = Unpooled.buffer();
        XdrWriter out = new XdrWriter(record);
        out.writeInt(0).writeInt(xid).writeInt(0).writeInt(2);
        out.writeInt(header.program).writeInt(header.version).writeInt(header.procedure);
        byte[] machine = {'t', 'e', 's', 't'};
        out.writeInt(1).writeInt(4 + 8 + 12 + 4 * header.groups.length);
        out.writeInt(0).writeOpaque(machine).writeInt(header.uid).writeInt(header.gid);
        out.writeInt(header.groups.length);
        for (int group : header.groups) {
            out.writeInt(group);
        }
        out.writeInt(0).writeInt(0);
        arguments.accept(out);
        record.setInt(0, LAST_FRAGMENT | record.readableBytes() - 4);
        return record;
    }

    public CompletableFuture<Reply> call(Header header, Consumer<XdrWriter> arguments) {
        int xid = newXid();
        return send(xid, encode(xid, header, arguments));
    }

    /** Sends a record as it is and expects the reply to this call. */
    public CompletableFuture<Reply> send(int xid, ByteBuf record) {
        CompletableFuture<Reply> reply = new CompletableFuture<>();
        pending.put(xid, reply);
        try {
            sendOnly(record);
        } catch (IOException e) {
            reply.completeExceptionally(e);
        }
        return reply;
    }

    /** Sends bytes as they are. */
    public void sendOnly(ByteBuf bytes) throws IOException {
        synchronized (socket) {
            socket.getOutputStream().write(bytes.array(), bytes.arrayOffset(), bytes.readableBytes());
        }
    }

    private void readReplies() {
        try {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            while (true) {
                byte[] record = new byte[in.readInt() & ~LAST_FRAGMENT];
                in.readFully(record);
                ByteBuf bytes = Unpooled.wrappedBuffer(record);
                int xid = bytes.readInt();
                bytes.skipBytes(4);
                int replyStatus = bytes.readInt();
                int acceptStatus = 0;
                if (replyStatus == 0) {
                    bytes.skipBytes(REPLY_HEADER_BYTES - 12);
                    acceptStatus = bytes.readInt();
                }
                CompletableFuture<Reply> waiting = pending.remove(xid);
                if (waiting == null) {
                    throw new IOException("a second reply to call " + xid);
                }
                waiting.complete(new Reply(replyStatus, acceptStatus, new XdrReader(bytes)));
            }
        } catch (IOException e) {
            IOException cause = e instanceof EOFException ? new IOException("the server closed the connection") : e;
            pending.values().forEach(waiting -> waiting.completeExceptionally(cause));
        }
    }

    /** Ends the connection as one that breaks. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
