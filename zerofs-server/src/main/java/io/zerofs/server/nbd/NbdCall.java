// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.netty.buffer.ByteBuf;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.waiting.WouldBlockException;
import io.zerofs.server.nbd.wire.BlockExtent;
import io.zerofs.server.nbd.wire.CommandFlag;
import io.zerofs.server.nbd.wire.NbdErrno;
import io.zerofs.server.nbd.wire.NbdReplies;
import io.zerofs.server.nbd.wire.NbdRequest;
import io.zerofs.server.net.Request;
import java.util.List;
import java.util.concurrent.CompletionException;

/** One request in flight: acts on the device and replies exactly once. One thread at a time. */
final class NbdCall {
    /** Maximum extents of one answer; the client asks again from the end of the answer. */
    static final int EXTENTS_MAX = 4_096;

    /** Cost of a chunk lookup, in bytes moved at the same cost. */
    static final int LOOKUP_COST_BYTES = 64;

    private final Transmission transmission;
    private final NbdRequest asked;
    private final Request request;

    NbdCall(Transmission transmission, NbdRequest asked, Request request) {
        this.transmission = transmission;
        this.asked = asked;
        this.request = request;
    }

    /** A step of a request; see {@link #attempt}. */
    interface Work {
        void run() throws FsException;
    }

    Transmission transmission() {
        return transmission;
    }

    void read() {
        attempt(() -> {
            List<BlockExtent> extents = readableExtents();
            if (extents == null) {
                request.reply(plainRead());
            } else {
                request.reply(sparseRead(extents));
            }
        });
    }

    /** Writes the rest of the message, which the caller owns. */
    void write(ByteBuf message) {
        attempt(() -> {
            transmission
                    .device()
                    .write(asked.offset(), message.nioBuffer(message.readerIndex(), message.readableBytes()));
            answerChange();
        });
    }

    void blockStatus() {
        attempt(() -> {
            int max = asked.has(CommandFlag.REQ_ONE) ? 1 : EXTENTS_MAX;
            List<BlockExtent> extents = transmission.device().extents(asked.offset(), asked.length(), max);
            int bytes = NbdReplies.blockStatusBytes(extents.size());
            request.charge(bytes);
            ByteBuf out = buffer(bytes);
            NbdReplies.blockStatus(out, asked.cookie(), Negotiation.ALLOCATION_ID, extents);
            request.reply(out);
        });
    }

    /** Answers success to a change of the device: at once, or with FUA when the change is durable. */
    void answerChange() {
        if (asked.has(CommandFlag.FUA)) {
            answerAfterBarrier();
        } else {
            succeed();
        }
    }

    /** Answers when every change that was answered before, on any connection, is durable. No thread waits meanwhile. */
    void answerAfterBarrier() {
        transmission
                .device()
                .barrier()
                .whenComplete((done, failure) -> request.resume(() -> {
                    if (failure == null) {
                        succeed();
                    } else {
                        fail(failure instanceof CompletionException ? failure.getCause() : failure);
                    }
                }));
    }

    void succeed() {
        ByteBuf out = buffer(NbdReplies.SIMPLE_BYTES);
        NbdReplies.simpleSuccess(out, asked.cookie());
        request.reply(out);
    }

    void fail(NbdErrno error, String sentence) {
        ByteBuf out = buffer(NbdReplies.CHUNK_HEADER_BYTES);
        if (transmission.structuredReplies()) {
            NbdReplies.error(out, asked.cookie(), error, sentence);
        } else {
            NbdReplies.simpleError(out, asked.cookie(), error);
        }
        request.reply(out);
    }

    private void fail(Throwable cause) {
        if (cause instanceof FsException failure) {
            if (failure.error() == FsError.IO) {
                transmission
                        .failures()
                        .line("{}: {} failed: {}", transmission.connection(), asked.command(), failure.getMessage());
            }
            fail(NbdErrors.of(failure.error()), failure.getMessage());
        } else {
            transmission
                    .unexpected()
                    .line("{}: {} failed unexpectedly", transmission.connection(), asked.command(), cause);
            fail(NbdErrno.EIO, "internal error");
        }
    }

    /**
     * Runs a step and answers its failure. A {@link WouldBlockException} goes to the caller, which runs the step again on
     * another thread.
     */
    void attempt(Work work) {
        try {
            work.run();
        } catch (WouldBlockException e) {
            throw e;
        } catch (FsException | RuntimeException | Error e) {
            fail(e);
        }
    }

    /** Returns the extents of a read whose reply may leave out holes; null if the reply must be one piece of data. */
    private List<BlockExtent> readableExtents() throws FsException {
        if (!transmission.structuredReplies()
                || asked.has(CommandFlag.DF)
                || asked.length() < VirtualFileSystem.CHUNK_BYTES) {
            return null;
        }
        List<BlockExtent> extents = transmission.device().extents(asked.offset(), asked.length(), Integer.MAX_VALUE);
        return extents.size() == 1 && !extents.get(0).hole() ? null : extents;
    }

    private ByteBuf plainRead() throws FsException {
        int bytes = (int) asked.length();
        ByteBuf out = buffer(NbdReplies.DATA_HEADER_BYTES + bytes);
        if (!transmission.structuredReplies()) {
            NbdReplies.simpleSuccess(out, asked.cookie());
        } else if (bytes == 0) {
            NbdReplies.none(out, asked.cookie());
        } else {
            NbdReplies.dataHeader(out, asked.cookie(), asked.offset(), bytes, true);
        }
        appendData(out, asked.offset(), bytes);
        return out;
    }

    private ByteBuf sparseRead(List<BlockExtent> extents) throws FsException {
        long data = 0;
        for (BlockExtent extent : extents) {
            data += extent.hole() ? 0 : extent.length();
        }
        ByteBuf out = buffer((int) data + extents.size() * NbdReplies.HOLE_BYTES);
        long offset = asked.offset();
        long end = offset + asked.length();
        for (BlockExtent extent : extents) {
            int bytes = (int) extent.length();
            boolean last = offset + bytes == end;
            if (extent.hole()) {
                NbdReplies.hole(out, asked.cookie(), offset, bytes, last);
            } else {
                NbdReplies.dataHeader(out, asked.cookie(), offset, bytes, last);
                appendData(out, offset, bytes);
            }
            offset += bytes;
        }
        return out;
    }

    /** Reads from the device straight into the reply; releases the reply if that fails. */
    private void appendData(ByteBuf out, long offset, int bytes) throws FsException {
        boolean read = false;
        try {
            transmission.device().read(offset, out.nioBuffer(out.writerIndex(), bytes));
            out.writerIndex(out.writerIndex() + bytes);
            read = true;
        } finally {
            if (!read) {
                out.release();
            }
        }
    }

    private ByteBuf buffer(int bytes) {
        return transmission.connection().allocator().directBuffer(bytes);
    }
}
