// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.nbd.wire.Handshake;
import io.zerofs.server.nbd.wire.NbdOption;
import io.zerofs.server.nbd.wire.OptionCodec;
import io.zerofs.server.nbd.wire.OptionHeader;
import io.zerofs.server.net.Connection;
import io.zerofs.server.net.MessageProtocol;
import io.zerofs.server.net.Request;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

/**
 * One client from greeting to end: its flags, then options, then requests to the export that it chose. Lives on the event
 * loop of the connection. Threads that may wait answer the options, one at a time, while the connection is paused.
 */
final class NbdConnection implements MessageProtocol {
    /** Maximum bytes of an option's data: an export name and hundreds of queries. Longer data ends the connection. */
    static final int OPTION_BYTES_MAX = 64 * 1024;

    /** Maximum bytes of one part of a list of exports. */
    static final int LIST_PART_BYTES = 64 << 10;

    private final Connection connection;
    private final Exports exports;
    private final Optional<NbdTls> tls;

    // Written on the event loop. A thread that answers an option only reads them, while the connection is paused.
    private Negotiation negotiation;
    private Transmission transmission;
    private boolean closed;
    /** The name of the export in use; null before. Any thread reads it. */
    private volatile String device;

    NbdConnection(Connection connection, Exports exports, Optional<NbdTls> tls) {
        this.connection = connection;
        this.exports = exports;
        this.tls = tls;
    }

    @Override
    public void opened() {
        ByteBuf greeting = Unpooled.buffer();
        Handshake.greeting(greeting);
        connection.send(greeting);
    }

    @Override
    public int messageBytes(ByteBuf received) throws MalformedMessageException {
        if (transmission != null) {
            return transmission.messageBytes(received);
        }
        if (negotiation == null) {
            return Handshake.CLIENT_FLAGS_BYTES;
        }
        if (received.readableBytes() < OptionHeader.BYTES) {
            return 0;
        }
        OptionHeader header = OptionHeader.decode(received.duplicate());
        if (header.dataBytes() > OPTION_BYTES_MAX) {
            throw new MalformedMessageException(
                    "option of " + header.dataBytes() + " bytes where at most " + OPTION_BYTES_MAX + " are allowed");
        }
        return OptionHeader.BYTES + (int) header.dataBytes();
    }

    @Override
    public void message(ByteBuf message, Request request) throws MalformedMessageException {
        if (transmission != null) {
            transmission.message(message, request);
        } else if (negotiation == null) {
            clientFlags(message.readInt());
            request.end();
        } else {
            connection.pause();
            // The answer to a list has parts of at most this size, one after the other.
            boolean lists = OptionHeader.decode(message.duplicate()).code() == NbdOption.LIST.code();
            request.run(Integer.MAX_VALUE, lists ? LIST_PART_BYTES : 0, () -> option(message, request));
        }
    }

    @Override
    public Optional<String> device() {
        return Optional.ofNullable(device);
    }

    @Override
    public boolean keepsNothing() {
        return transmission == null;
    }

    @Override
    public void closed(boolean inOrder) {
        closed = true;
        if (transmission != null) {
            transmission.connectionEnded();
        }
    }

    private void clientFlags(int flags) throws MalformedMessageException {
        if (!Handshake.knowsClientFlags(flags)) {
            throw new MalformedMessageException("client flags are 0x" + Integer.toHexString(flags));
        }
        negotiation = new Negotiation(exports, flags, encryption());
    }

    private Negotiation.Encryption encryption() {
        if (tls.isEmpty()) {
            return Negotiation.Encryption.NONE;
        }
        boolean remote = connection.remoteAddress() instanceof InetSocketAddress;
        return remote && tls.get().required() ? Negotiation.Encryption.REQUIRED : Negotiation.Encryption.OFFERED;
    }

    private void option(ByteBuf message, Request request) {
        Negotiation.Step step = answerTo(message);
        if (step.next() == Negotiation.Next.LIST) {
            list(0, request);
            return;
        }
        Negotiation.Chosen chosen = step.transmission();
        try {
            Transmission begun = chosen == null ? null : new Transmission(connection, chosen);
            request.charge(step.answer().readableBytes());
            request.reply(step.answer());
            connection.onEventLoop(() -> resume(step.next(), begun));
        } catch (RuntimeException | Error e) {
            if (chosen != null) {
                chosen.device().close();
            }
            throw e;
        }
    }

    /** Sends the part of the list after a cookie. Makes the next part when the socket took this one. */
    private void list(long cookie, Request request) {
        ByteBuf part = connection.allocator().directBuffer(LIST_PART_BYTES, LIST_PART_BYTES);
        long last;
        try {
            last = negotiation.list(cookie, part);
        } catch (RuntimeException | Error e) {
            part.release();
            throw e;
        }
        if (last == Negotiation.LIST_END) {
            request.reply(part);
            connection.resume();
        } else {
            connection.send(part, () -> resume(last, request));
        }
    }

    private void resume(long cookie, Request request) {
        if (closed) {
            request.end();
            return;
        }
        try {
            connection.blockingExecutor().execute(() -> request.resume(() -> list(cookie, request)));
        } catch (RejectedExecutionException e) {
            request.end();
        }
    }

    private Negotiation.Step answerTo(ByteBuf message) {
        int code = 0;
        try {
            code = OptionHeader.decode(message).code();
            if (negotiation.needsEncryption(code)) {
                return negotiation.refuseUnencrypted(code);
            }
            return OptionCodec.decode(code, message).applyTo(negotiation);
        } catch (MalformedMessageException e) {
            return negotiation.malformed(code, e.getMessage());
        }
    }

    private void resume(Negotiation.Next next, Transmission begun) {
        switch (next) {
            case NEGOTIATE, LIST -> connection.resume();
            case START_TLS -> {
                negotiation = negotiation.encrypted();
                connection.startTls(tls.orElseThrow().server());
            }
            case CLOSE -> connection.close("the negotiation ended without an export");
            case TRANSMIT -> {
                transmission = begun;
                device = begun.device().export().name();
                if (closed) {
                    transmission.connectionEnded();
                } else {
                    connection.resume();
                }
            }
        }
    }
}
