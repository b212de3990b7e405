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

    /** The one metadata context, and the number that block status gives it. */
    static final String ALLOCATION = "base:allocation";

    static final int ALLOCATION_ID = 1;
    private static final String BASE = "base:";

    /** Room that most answers need; buffers grow. */
    private static final int ANSWER_BYTES = 256;

    /** Says that a list has no more parts. */
    static final long LIST_END = -1;

    private static final String FAILED = "the file system failed";

    /**
     * The result of one option.
     *
     * @param answer bytes for the client, perhaps none
     * @param next the next step
     * @param transmission with {@link Next#TRANSMIT} only, else null
     */
    record Step(ByteBuf answer, Next next, Chosen transmission) {}

    /** How a connection goes on. */
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
    /** The end of the requested list, which has no later exports. */
    private long listEnd;

    /** The export for which the allocation context is selected, or null. */
    private String allocationOf;

    /** Whether what is negotiated is encrypted, or can be. */
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

    /** How it goes on encrypted: from the start, for somebody else may have said what came before. */
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
            // There is no error reply to this option: the connection is closed ("NBD_OPT_EXPORT_NAME").
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
     * Writes as many entries of the list as fit, and the end of it after the last one.
     *
     * @param cookie of the last entry before, 0 at the start
     * @return of the last entry now, or -1 at the end
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

    /** The answer to an option whose data cannot be decoded. */
    Step malformed(int code, String reason) {
        if (code == NbdOption.EXPORT_NAME.code()) {
            return new Step(Unpooled.EMPTY_BUFFER, Next.CLOSE, null);
        }
        return refuse(new OptionRequest.Unsupported(code), OptionReplyType.ERR_INVALID, reason);
    }

    /** A list without queries is one of all contexts; the bare name space is a wildcard in lists only. */
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
                    // The first is always sent; the second an export does not have.
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
