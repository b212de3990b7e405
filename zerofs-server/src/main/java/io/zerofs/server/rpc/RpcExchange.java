// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.zerofs.server.bytes.XdrWriter;
import io.zerofs.server.net.Request;
import java.util.function.Consumer;

/** A call that gets one reply, from any thread. */
public final class RpcExchange {
    /** Bytes before the results of a successful call: record mark, xid, message type, status, verifier, status. */
    public static final int REPLY_HEADER_BYTES = RecordMarking.MARK_BYTES + 6 * Integer.BYTES;

    private static final int ERROR_BYTES_MAX = REPLY_HEADER_BYTES + 2 * Integer.BYTES;
    private static final int REPLY = 1;
    private static final int SUCCESS = 0;

    private final int xid;
    private final RpcPeer peer;
    private final Request request;
    private final ByteBufAllocator allocator;
    private final DuplicateRequestCache.Entry cached;

    private RpcExchange(
            int xid, RpcPeer peer, Request request, ByteBufAllocator allocator, DuplicateRequestCache.Entry cached) {
        this.xid = xid;
        this.peer = peer;
        this.request = request;
        this.allocator = allocator;
        this.cached = cached;
    }

    /** Makes an exchange whose reply no cache remembers. */
    RpcExchange(int xid, RpcPeer peer, Request request, ByteBufAllocator allocator) {
        this(xid, peer, request, allocator, null);
    }

    /** Returns the same exchange, whose reply completes an entry of the cache. */
    RpcExchange remembered(DuplicateRequestCache.Entry entry) {
        return new RpcExchange(xid, peer, request, allocator, entry);
    }

    /** Returns the address of the client. */
    public String clientName() {
        return peer.name();
    }

    /** Returns whether the call comes from a port that only the superuser of the client's machine can use. */
    public boolean isFromPrivilegedPort() {
        return peer.isPrivileged();
    }

    /**
     * Runs the work now, or on a thread that may wait. If the work would wait now, it runs again from the start on such
     * a thread. At most one call per exchange.
     *
     * @param transferBytes bytes that the work moves, as far as known
     * @param replyBytes maximum bytes of the {@link #newPayload} that the work allocates; the work waits until they
     *     have room
     */
    public void run(int transferBytes, int replyBytes, Runnable work) {
        request.run(transferBytes, replyBytes, work);
    }

    /**
     * Runs the rest of the work on this thread, after {@link #run} returned. An exception of it closes the connection.
     */
    public void resume(Runnable work) {
        request.resume(work);
    }

    /** Starts a reply with results of about this many bytes. */
    public ByteBuf newReply(int resultBytes) {
        ByteBuf reply = allocator.directBuffer(REPLY_HEADER_BYTES + resultBytes);
        writeHeader(reply);
        return reply;
    }

    /**
     * Returns a buffer for bulk data that becomes the end of a reply. Reader and writer index leave room in front for
     * the header and for results of this many bytes, which {@link #prepend} fills in.
     *
     * @param dataBytesMax bytes of data, the same as in {@link #run}
     */
    public ByteBuf newPayload(int resultBytesMax, int dataBytesMax) {
        int headroom = REPLY_HEADER_BYTES + resultBytesMax;
        return allocator.directBuffer(headroom + dataBytesMax).setIndex(headroom, headroom);
    }

    /**
     * Puts the header and results of exactly this many bytes in front of a payload.
     *
     * @param results writes them to the writer that it receives
     */
    public ByteBuf prepend(ByteBuf payload, int resultBytes, Consumer<XdrWriter> results) {
        int end = payload.writerIndex();
        int data = payload.readerIndex();
        int start = data - resultBytes - REPLY_HEADER_BYTES;
        payload.setIndex(start, start);
        writeHeader(payload);
        results.accept(new XdrWriter(payload));
        if (payload.writerIndex() != data) {
            throw new IllegalStateException(
                    "results of " + (payload.writerIndex() - start) + " bytes, announced as " + resultBytes);
        }
        return payload.writerIndex(end);
    }

    /** Sends a reply that {@link #newReply} or {@link #prepend} began. Releases it. */
    public void reply(ByteBuf reply) {
        RecordMarking.mark(reply);
        if (cached != null) {
            cached.complete(reply);
        }
        request.reply(reply);
    }

    /** Replies that the call did not run. */
    public void refuse(RpcError error) {
        ByteBuf reply = allocator.directBuffer(ERROR_BYTES_MAX);
        XdrWriter out = new XdrWriter(reply);
        out.writeInt(0).writeInt(xid).writeInt(REPLY);
        error.write(out);
        reply(reply);
    }

    private void writeHeader(ByteBuf reply) {
        XdrWriter out = new XdrWriter(reply);
        out.writeInt(0).writeInt(xid).writeInt(REPLY);
        RpcError.writeAccepted(out, SUCCESS);
    }
}
