// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.netty.buffer.ByteBuf;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.nbd.wire.CommandFlag;
import io.zerofs.server.nbd.wire.Handshake;
import io.zerofs.server.nbd.wire.NbdErrno;
import io.zerofs.server.nbd.wire.NbdReplies;
import io.zerofs.server.nbd.wire.NbdRequest;
import io.zerofs.server.net.Connection;
import io.zerofs.server.net.LimitedLog;
import io.zerofs.server.net.Request;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Cuts, checks and begins the requests of one connection in the transmission phase. Lives on the event loop of the
 * connection. Closes the device when the connection and its last request have ended: a running request needs the file as
 * it was when the client connected.
 */
final class Transmission {
    private static final Logger LOG = LoggerFactory.getLogger(Transmission.class);

    private final Connection connection;
    private final BlockDevice device;
    private final boolean structuredReplies;
    private final boolean allocation;

    /** Number of requests in flight, plus one for the connection itself. */
    private final AtomicInteger users = new AtomicInteger(1);

    private volatile boolean disconnecting;

    /** The header of the message that has begun. Confined to the event loop. */
    private NbdRequest begun;

    private final LimitedLog failures = new LimitedLog(LOG, Level.WARN, "failed NBD requests of a connection");
    private final LimitedLog unexpected = new LimitedLog(LOG, Level.ERROR, "unexpected failures of NBD requests");

    Transmission(Connection connection, Negotiation.Chosen chosen) {
        this.connection = connection;
        this.device = chosen.device();
        this.structuredReplies = chosen.structuredReplies();
        this.allocation = chosen.allocation();
    }

    Connection connection() {
        return connection;
    }

    /** Returns the log of requests that failed because of the store or the disk. */
    LimitedLog failures() {
        return failures;
    }

    /** Returns the log of unexpected failures, which are bugs of ours. */
    LimitedLog unexpected() {
        return unexpected;
    }

    BlockDevice device() {
        return device;
    }

    boolean structuredReplies() {
        return structuredReplies;
    }

    int messageBytes(ByteBuf received) throws MalformedMessageException {
        if (received.readableBytes() < NbdRequest.HEADER_BYTES) {
            return 0;
        }
        begun = NbdRequest.decode(received.duplicate());
        long payload = begun.payloadBytes();
        if (payload > Handshake.PAYLOAD_BYTES_MAX) {
            // The server could answer an error only after it had read the whole payload.
            throw new MalformedMessageException(
                    "write of " + payload + " bytes where at most " + Handshake.PAYLOAD_BYTES_MAX + " are allowed");
        }
        return NbdRequest.HEADER_BYTES + (int) payload;
    }

    void message(ByteBuf message, Request request) {
        NbdRequest asked = begun;
        message.skipBytes(NbdRequest.HEADER_BYTES);
        users.incrementAndGet();
        request.whenEnded(this::userEnded);
        NbdCall call = new NbdCall(this, asked, request);
        NbdErrno refusal = refusalOf(asked);
        if (refusal != null) {
            call.fail(refusal, "the request breaks the rules of the protocol or the bounds of the export");
            return;
        }
        switch (asked.command()) {
            case READ -> {
                int bytes = (int) asked.length();
                request.run(bytes, bytes + NbdReplies.DATA_HEADER_BYTES, call::read);
            }
            case WRITE -> request.run((int) asked.length(), () -> call.write(message));
            case FLUSH -> call.answerAfterBarrier();
            case TRIM, WRITE_ZEROES -> changeOf(asked, call, request).begin(0);
            // A step drops the data that it reads, but the data takes memory.
            case CACHE -> new RangeWork(call, asked, request, device::load).begin(BlockDevice.TRANSFER_BYTES_MAX);
            case BLOCK_STATUS -> request.run(lookupCost(asked), call::blockStatus);
            case DISC -> disconnect(request);
            case RESIZE, UNKNOWN -> call.fail(NbdErrno.EINVAL, "this server does not have the command");
        }
    }

    private RangeWork changeOf(NbdRequest asked, NbdCall call, Request request) {
        return new RangeWork(
                call, asked, request, asked.has(CommandFlag.NO_HOLE) ? device::writeZeros : device::deallocate);
    }

    /** Notes that the connection has ended, perhaps before the transmission began. */
    void connectionEnded() {
        userEnded();
    }

    private void userEnded() {
        int left = users.decrementAndGet();
        if (left == 0) {
            // Closing removes the mark of the file, which may wait.
            try {
                connection.blockingExecutor().execute(device::close);
            } catch (RejectedExecutionException e) {
                LOG.warn("{}: still in use when the server was closed", connection);
            }
        } else if (left == 1 && disconnecting) {
            connection.close("the client disconnected");
        }
    }

    /** Lets the last request close the connection: "The server MUST handle all outstanding requests […] and close". */
    private void disconnect(Request request) {
        connection.pause();
        disconnecting = true;
        request.end();
    }

    /** Returns the error of a request that the server refuses at once; null if it does not. */
    private NbdErrno refusalOf(NbdRequest asked) {
        if (!asked.command().takes(asked.flags())) {
            return NbdErrno.EINVAL;
        }
        return switch (asked.command()) {
            case READ -> refusalOfRead(asked);
            case WRITE -> refusalOfChange(asked, NbdErrno.ENOSPC);
            case WRITE_ZEROES ->
                asked.has(CommandFlag.NO_HOLE) && asked.has(CommandFlag.FAST_ZERO)
                        // The server must write zeros that are not a hole, which is not fast.
                        ? NbdErrno.ENOTSUP
                        : refusalOfChange(asked, NbdErrno.ENOSPC);
            case TRIM -> refusalOfChange(asked, NbdErrno.EINVAL);
            case CACHE -> isInside(asked) ? null : NbdErrno.EINVAL;
            case BLOCK_STATUS -> allocation && asked.length() > 0 && isInside(asked) ? null : NbdErrno.EINVAL;
            case FLUSH -> asked.offset() == 0 && asked.length() == 0 ? null : NbdErrno.EINVAL;
            case DISC, RESIZE, UNKNOWN -> null;
        };
    }

    private NbdErrno refusalOfRead(NbdRequest asked) {
        if (!isInside(asked) || asked.has(CommandFlag.DF) && !structuredReplies) {
            return NbdErrno.EINVAL;
        }
        if (asked.length() > Handshake.PAYLOAD_BYTES_MAX) {
            return structuredReplies ? NbdErrno.EOVERFLOW : NbdErrno.EINVAL;
        }
        return null;
    }

    private NbdErrno refusalOfChange(NbdRequest asked, NbdErrno outside) {
        if (device.export().readOnly()) {
            return NbdErrno.EPERM;
        }
        return isInside(asked) ? null : outside;
    }

    private boolean isInside(NbdRequest asked) {
        long size = device.export().size();
        return asked.offset() >= 0 && asked.length() <= size && asked.offset() <= size - asked.length();
    }

    /** Returns the cost of looking up the extents of a range: about the cost of moving a few bytes per chunk. */
    private static int lookupCost(NbdRequest asked) {
        return (int) (asked.length() / VirtualFileSystem.CHUNK_BYTES) * NbdCall.LOOKUP_COST_BYTES;
    }
}
