// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.XdrWriter;
import java.util.function.Consumer;

/** A call to be answered once, from any thread. */
public final class RpcExchange {
    /** Bytes before the results of a successful call: record mark, xid, message type, status, verifier, status. */
    public static final int REPLY_HEADER_BYTES = RecordMarking.MARK_BYTES + 6 * Integer.BYTES;

    private static final int ERROR_BYTES_MAX = REPLY_HEADER_BYTES + 2 * Integer.BYTES;
    private static final int REPLY = 1;
    private static final int SUCCESS = 0;

    private final int xid;
    private final RpcTransport transport;
    private final DuplicateRequestCache.Entry cached;

    RpcExchange(int xid, RpcTransport transport, DuplicateRequestCache.Entry cached) {
        this.xid = xid;
        this.transport = transport;
        this.cached = cached;
    }

    /** Address of the client. */
    public String clientName() {
        return transport.peer().name();
    }

    /** Whether the call comes from a port that only the superuser of the client's machine can have. */
    public boolean isFromPrivilegedPort() {
        return transport.peer().isPrivileged();
    }

    /**
     * Runs the work now, or on a thread that may wait, and there again from the start if it would have waited. At most
     * one call per exchange.
     *
     * @param transferBytes bytes that the work moves, as far as known
     * @param replyBytes most bytes of the {@link #newPayload} that it takes, for which it waits until there is room
     */
    public void run(int transferBytes, int replyBytes, Runnable work) {
        transport.run(transferBytes, replyBytes, work);
    }

    /** Runs what is left of the work after {@link #run} returned, on this thread. What it throws ends the connection. */
    public void resume(Runnable work) {
        transport.resume(work);
    }

    /** Starts a reply whose results take about this many bytes. */
    public ByteBuf newReply(int resultBytes) {
        ByteBuf reply = transport.allocator().directBuffer(REPLY_HEADER_BYTES + resultBytes);
        writeHeader(reply);
        return reply;
    }

    /**
     * A buffer for bulk data that becomes the end of a reply: reader and writer index leave room in front for the
     * header and for results of this many bytes, to be filled in by {@link #prepend}.
     *
     * @param dataBytesMax bytes of data, as {@link #run} was told
     */
    public ByteBuf newPayload(int resultBytesMax, int dataBytesMax) {
        int headroom = REPLY_HEADER_BYTES + resultBytesMax;
        return transport.allocator().directBuffer(headroom + dataBytesMax).setIndex(headroom, headroom);
    }

    /**
     * Puts the header and results of exactly this many bytes in front of a payload.
     *
     * @param results writes to the buffer that it is given
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
        transport.reply(reply);
    }

    /** Answers that the call was not carried out. */
    public void refuse(RpcError error) {
        ByteBuf reply = transport.allocator().directBuffer(ERROR_BYTES_MAX);
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
