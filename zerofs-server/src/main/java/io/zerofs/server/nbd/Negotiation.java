// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.ListingRange;
import io.zerofs.server.nbd.wire.Handshake;
import io.zerofs.server.nbd.wire.HandshakeFlag;
import io.zerofs.server.nbd.wire.InfoType;
import io.zerofs.server.nbd.wire.NbdOption;
import io.zerofs.server.nbd.wire.OptionHandler;
import io.zerofs.server.nbd.wire.OptionReplyType;
import io.zerofs.server.nbd.wire.OptionRequest;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the options of one connection until it has an export or ends. One option at a time, on any thread; its
 * methods may wait for the store.
 */
final class Negotiation implements OptionHandler<Negotiation.Step> {
    private static final Logger LOG = LoggerFactory.getLogger(Negotiation.class);

    /** Name of the only metadata context. Block status names it by {@link #ALLOCATION_ID}. */
    static final String ALLOCATION = "base:allocation";

    static final int ALLOCATION_ID = 1;
    private static final String BASE = "base:";

    /** Initial bytes of an answer's buffer, enough for most answers; the buffer grows. */
    private static final int ANSWER_BYTES = 256;

    /** Cookie after the last part of a list. */
    static final long LIST_END = -1;

    private static final String FAILED = "the file system failed";

    /**
     * The result of one option.
     *
     * @param answer bytes for the client, perhaps none
     * @param next the next step
     * @param transmission the chosen export with {@link Next#TRANSMIT}, else null
     */
    record Step(ByteBuf answer, Next next, Chosen transmission) {}

    /** The next step of a connection. */
    enum Next {
        NEGOTIATE,
        START_TLS,
        /** The list of exports follows, part by part. */
        LIST,
        TRANSMIT,
        CLOSE
    }

    /**
     * The result of the negotiation.
     *
     * @param device opened for this connection
     * @param structuredReplies whether replies are structured
     * @param allocation whether the context {@link #ALLOCATION} was selected for this export
     */
    record Chosen(BlockDevice device, boolean structuredReplies, boolean allocation) {}

    private final Exports exports;
    private final int clientFlags;
    private final Encryption encryption;
    private boolean structuredReplies;
    /** The end of the requested list, which has no exports of a later time. */
    private long listEnd;

    /** The export for which the allocation context is selected, or null. */
    private String allocationOf;

    /** The encryption of a negotiation: impossible, possible, required before anything else, or active. */
    enum Encryption {
        NONE,
        OFFERED,
        REQUIRED,
        ACTIVE
    }

    Negotiation(Exports exports, int clientFlags, Encryption encryption) {
        this.exports = exports;
        this.clientFlags = clientFlags;
        this.encryption = encryption;
    }

    /** Returns the encrypted negotiation. It begins anew, because an attacker may have sent the options before it. */
    Negotiation encrypted() {
        return new Negotiation(exports, clientFlags, Encryption.ACTIVE);
    }

    boolean needsEncryption(int code) {
        return encryption == Encryption.REQUIRED && code != NbdOption.STARTTLS.code() && code != NbdOption.ABORT.code();
    }

    Step refuseUnencrypted(int code) {
        return code == NbdOption.EXPORT_NAME.code()
                ? new Step(Unpooled.EMPTY_BUFFER, Next.CLOSE, null)
                : refuse(
                        new OptionRequest.Unsupported(code),
                        OptionReplyType.ERR_TLS_REQD,
                        "this server wants TLS: STARTTLS comes first");
    }

    @Override
    public Step startTls(OptionRequest.StartTls request) {
        return switch (encryption) {
            case NONE -> refuse(request, OptionReplyType.ERR_UNSUP, "this server has no certificate, so no TLS");
            case ACTIVE -> refuse(request, OptionReplyType.ERR_INVALID, "TLS is active already");
            case OFFERED, REQUIRED -> {
                ByteBuf answer = answer();
                Handshake.ack(answer, request.code());
                yield new Step(answer, Next.START_TLS, null);
            }
        };
    }

    @Override
    public Step exportName(OptionRequest.ExportName request) {
        try {
            return transmit(request.name(), export -> {
                ByteBuf answer = answer();
                Handshake.exportNameReply(
                        answer,
                        export.size(),
                        export.transmissionFlags(structuredReplies),
                        !HandshakeFlag.NO_ZEROES.isIn(clientFlags));
                return answer;
            });
        } catch (ExportException | FsException e) {
            // This option has no error reply: the server closes the connection ("NBD_OPT_EXPORT_NAME").
            return new Step(Unpooled.EMPTY_BUFFER, Next.CLOSE, null);
        }
    }

    @Override
    public Step abort(OptionRequest.Abort request) {
        ByteBuf answer = answer();
        Handshake.ack(answer, request.code());
        return new Step(answer, Next.CLOSE, null);
    }

    @Override
    public Step list(OptionRequest.ListExports request) {
        try {
            exports.requireListable();
            listEnd = exports.listingEnd();
            return new Step(Unpooled.EMPTY_BUFFER, Next.LIST, null);
        } catch (ExportException | FsException e) {
            return refuse(request, e);
        }
    }

    /**
     * Writes as many entries of the list as fit, and after the last one its end. If the file system fails, an error ends
     * the list.
     *
     * @param cookie cookie of the last entry before this part, 0 at the start
     * @return cookie of the last entry in this part, or {@link #LIST_END}
     */
    long list(long cookie, ByteBuf part) {
        int code = NbdOption.LIST.code();
        AtomicLong last = new AtomicLong(cookie);
        try {
            boolean atEnd = exports.list(new ListingRange(cookie, listEnd), (name, next) -> {
                if (part.writableBytes() < Handshake.SERVER_BYTES_MAX) {
                    return false;
                }
                Handshake.server(part, code, name);
                last.set(next);
                return true;
            });
            if (atEnd) {
                Handshake.ack(part, code);
            }
            return atEnd ? LIST_END : last.get();
        } catch (FsException e) {
            LOG.debug("nbd: a list of exports ended early: {}", e.getMessage());
            Handshake.error(part, code, OptionReplyType.ERR_PLATFORM, FAILED);
            return LIST_END;
        }
    }

    @Override
    public Step select(OptionRequest.Select request) {
        try {
            if (request.option() == NbdOption.INFO) {
                return acknowledge(information(request, exports.find(request.name())), request);
            }
            return transmit(request.name(), export -> {
                ByteBuf answer = information(request, export);
                Handshake.ack(answer, request.code());
                return answer;
            });
        } catch (ExportException | FsException e) {
            return refuse(request, e);
        }
    }

    @Override
    public Step structuredReply(OptionRequest.StructuredReply request) {
        structuredReplies = true;
        return acknowledge(answer(), request);
    }

    @Override
    public Step metaContext(OptionRequest.MetaContext request) {
        boolean selects = request.option() == NbdOption.SET_META_CONTEXT;
        if (selects) {
            allocationOf = null;
        }
        if (!structuredReplies) {
            return refuse(request, OptionReplyType.ERR_INVALID, "structured replies have to be negotiated first");
        }
        for (String query : request.queries()) {
            if (query.indexOf(':') <= 0) {
                return refuse(request, OptionReplyType.ERR_INVALID, "a query has no name space");
            }
        }
        try {
            exports.find(request.name());
        } catch (ExportException | FsException e) {
            return refuse(request, e);
        }
        ByteBuf answer = answer();
        if (selects && request.queries().contains(ALLOCATION)) {
            allocationOf = request.name();
            Handshake.metaContext(answer, request.code(), ALLOCATION_ID, ALLOCATION);
        } else if (!selects && lists(request.queries())) {
            Handshake.metaContext(answer, request.code(), 0, ALLOCATION);
        }
        return acknowledge(answer, request);
    }

    @Override
    public Step unsupported(OptionRequest.Unsupported request) {
        return refuse(request, OptionReplyType.ERR_UNSUP, "this server does not have the option");
    }

    /** Returns the answer to an option with malformed data. */
    Step malformed(int code, String reason) {
        if (code == NbdOption.EXPORT_NAME.code()) {
            return new Step(Unpooled.EMPTY_BUFFER, Next.CLOSE, null);
        }
        return refuse(new OptionRequest.Unsupported(code), OptionReplyType.ERR_INVALID, reason);
    }

    /** Returns whether a list has the context. No queries mean all contexts; the bare namespace is a wildcard in lists only. */
    private static boolean lists(List<String> queries) {
        return queries.isEmpty() || queries.contains(BASE) || queries.contains(ALLOCATION);
    }

    private Step transmit(String name, Function<Export, ByteBuf> answer) throws ExportException, FsException {
        BlockDevice device = exports.open(name);
        try {
            Chosen chosen = new Chosen(device, structuredReplies, name.equals(allocationOf));
            return new Step(answer.apply(device.export()), Next.TRANSMIT, chosen);
        } catch (RuntimeException | Error e) {
            device.close();
            throw e;
        }
    }

    private ByteBuf information(OptionRequest.Select request, Export export) {
        ByteBuf answer = answer();
        int code = request.code();
        Handshake.infoExport(answer, code, export.size(), export.transmissionFlags(structuredReplies));
        for (InfoType type : request.wanted()) {
            switch (type) {
                case NAME -> Handshake.infoName(answer, code, export.name());
                case BLOCK_SIZE -> Handshake.infoBlockSize(answer, code);
                case EXPORT, DESCRIPTION -> {
                    // The answer always has the export, and exports have no description.
                }
            }
        }
        return answer;
    }

    private static Step acknowledge(ByteBuf answer, OptionRequest request) {
        Handshake.ack(answer, request.code());
        return new Step(answer, Next.NEGOTIATE, null);
    }

    private static Step refuse(OptionRequest request, Exception reason) {
        if (reason instanceof ExportException export) {
            return refuse(request, export.reply(), export.getMessage());
        }
        LOG.debug("nbd: option {} failed: {}", request.code(), reason.getMessage());
        return refuse(request, OptionReplyType.ERR_PLATFORM, FAILED + ": " + reason.getMessage());
    }

    private static Step refuse(OptionRequest request, OptionReplyType error, String sentence) {
        ByteBuf answer = answer();
        Handshake.error(answer, request.code(), error, sentence);
        return new Step(answer, Next.NEGOTIATE, null);
    }

    private static ByteBuf answer() {
        return Unpooled.buffer(ANSWER_BYTES);
    }
}
