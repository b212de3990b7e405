// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.netty.buffer.ByteBuf;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.waiting.WouldBlockException;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.net.Connection;
import io.zerofs.server.net.MessageProtocol;
import io.zerofs.server.net.Request;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.MessageHeader;
import io.zerofs.server.ninep.wire.MessageType;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.RmessageEncoder;
import io.zerofs.server.ninep.wire.Tmessage;
import io.zerofs.server.ninep.wire.TmessageDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One 9P connection: negotiates the message size, keeps the tags in flight, and answers Tversion and Tflush itself.
 * Lives on the event loop of its connection; requests run and end on any thread.
 */
final class NinePProtocol implements MessageProtocol {
    private static final Logger LOG = LoggerFactory.getLogger(NinePProtocol.class);

    /** The dialect that the server speaks. */
    private static final byte[] VERSION = "9P2000.L".getBytes(StandardCharsets.US_ASCII);

    /** The answer to any other dialect (version(5)). */
    private static final byte[] VERSION_UNKNOWN = "unknown".getBytes(StandardCharsets.US_ASCII);

    private final NinePServer server;
    private final Connection connection;
    private final ConcurrentHashMap<Integer, PendingTag> calls = new ConcurrentHashMap<>();

    // Confined to the event loop; null until a Tversion begins a session, and after one that does not.
    private NinePSession session;
    private NinePOperations operations;

    NinePProtocol(NinePServer server, Connection connection) {
        this.server = server;
        this.connection = connection;
    }

    @Override
    public int messageBytes(ByteBuf received) throws MalformedMessageException {
        return MessageHeader.length(
                received, session == null ? NinePSettings.MESSAGE_BYTES_MIN : session.messageBytesMax());
    }

    @Override
    public void message(ByteBuf bytes, Request request) throws MalformedMessageException {
        MessageType type = MessageType.ofCode(MessageHeader.type(bytes));
        int tag = MessageHeader.tag(bytes);
        if (session == null && type != MessageType.TVERSION) {
            throw new MalformedMessageException("a message of type " + MessageHeader.type(bytes) + " before Tversion");
        }
        Tmessage message;
        try {
            if (type == null || !type.isRequest()) {
                LOG.debug("{}: unknown message type {}", connection, MessageHeader.type(bytes));
                reply(request, tag, error(Errno.EOPNOTSUPP));
                return;
            }
            message = TmessageDecoder.decode(type, bytes.skipBytes(MessageHeader.HEADER_BYTES));
        } catch (MalformedMessageException e) {
            // The message was whole, so the connection can read the next one.
            LOG.debug("{}: malformed {}: {}", connection, type, e.getMessage());
            reply(request, tag, error(Errno.EPROTO));
            return;
        }
        if (message instanceof Tmessage.Tversion version) {
            version(version, tag, request);
        } else if (message instanceof Tmessage.Tflush flush) {
            flush(flush, tag, request);
        } else {
            operate((Tmessage.Operation) message, tag, request);
        }
    }

    /** Ends the session with its fids and locks, and begins a new one if the server knows the dialect (version(5)). */
    private void version(Tmessage.Tversion message, int tag, Request request) {
        endSession();
        boolean known = Arrays.equals(message.version(), VERSION);
        int offered = message.msize() < 0 ? Integer.MAX_VALUE : message.msize();
        if (offered < NinePSettings.MESSAGE_BYTES_MIN) {
            reply(request, tag, error(Errno.EINVAL));
            return;
        }
        int messageBytesMax = Math.min(offered, server.settings().messageBytesMax());
        if (known) {
            session = new NinePSession(server, connection, messageBytesMax);
            operations = new NinePOperations(session);
        }
        reply(request, tag, new Rmessage.Rversion(messageBytesMax, known ? VERSION : VERSION_UNKNOWN));
    }

    /**
     * Answers when the old tag is free: the server has answered it, or never will (flush(5)). Linux drops a connection on
     * which a reply comes after its Rflush.
     */
    private void flush(Tmessage.Tflush message, int tag, Request request) {
        PendingTag old = calls.get(message.oldTag());
        Runnable answer = () -> reply(request, tag, Rmessage.Empty.RFLUSH);
        if (old == null) {
            answer.run();
        } else {
            old.flush(answer);
        }
    }

    private void operate(Tmessage.Operation message, int tag, Request request) throws MalformedMessageException {
        PendingTag call = new PendingTag(tag, request, calls, connection.allocator());
        PendingTag previous = calls.put(tag, call);
        if (previous != null && !previous.hasEnded()) {
            calls.put(tag, previous);
            throw new MalformedMessageException("tag " + tag + " is in use");
        }
        int transferBytes = 0;
        int replyBytes = 0;
        if (message instanceof Tmessage.Tread read) {
            replyBytes = session.dataBytes(read.count());
            transferBytes = replyBytes;
        } else if (message instanceof Tmessage.Treaddir list) {
            replyBytes = NinePDataOperations.directoryBytes(session, list);
        } else if (message instanceof Tmessage.Twrite write) {
            transferBytes = write.data().readableBytes();
        }
        NinePOperations target = operations;
        request.run(transferBytes, replyBytes, () -> run(target, message, call));
    }

    private void run(NinePOperations target, Tmessage.Operation message, PendingTag call) {
        if (!call.begin()) {
            return;
        }
        Reply reply;
        try {
            reply = message.applyTo(target);
        } catch (WouldBlockException e) {
            call.putBack();
            throw e;
        } catch (FsException e) {
            reply = Reply.now(failure(message, e));
        } catch (ErrnoException e) {
            reply = Reply.now(error(e.errno()));
        } catch (RuntimeException | Error e) {
            call.abort();
            throw e;
        }
        if (reply instanceof Reply.Now now) {
            call.end(now.message());
        } else {
            Reply.Later later = (Reply.Later) reply;
            call.waitFor(later.cancel());
            later.message()
                    .whenComplete((answer, failure) ->
                            call.resume(() -> call.end(failure == null ? answer : failure(message, failure))));
        }
    }

    private Rmessage failure(Tmessage message, Throwable cause) {
        Throwable reason = cause instanceof CompletionException && cause.getCause() != null ? cause.getCause() : cause;
        FsError error = reason instanceof FsException known ? known.error() : FsError.IO;
        if (error == FsError.IO) {
            server.failures().line("{}: {} failed: {}", connection, message.type(), reason.toString());
        }
        return error(NinePErrors.of(error));
    }

    private static Rmessage error(Errno errno) {
        return new Rmessage.Rlerror(errno.number());
    }

    private void reply(Request request, int tag, Rmessage message) {
        request.reply(RmessageEncoder.encode(connection.allocator(), tag, message));
    }

    private void endSession() {
        calls.values().forEach(PendingTag::abort);
        if (session != null) {
            session.close();
            session = null;
            operations = null;
        }
    }

    @Override
    public boolean keepsNothing() {
        return session == null || session.fids().isEmpty();
    }

    @Override
    public void closed(boolean inOrder) {
        endSession();
    }
}
