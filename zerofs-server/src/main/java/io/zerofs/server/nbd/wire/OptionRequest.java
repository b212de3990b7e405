// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

import java.util.List;
import java.util.Set;

/** An option that a client sent, decoded ("Option types"). Names are text: the protocol requires UTF-8 without NUL. */
public sealed interface OptionRequest {
    /** Returns the number of the option, which every answer repeats. */
    int code();

    <R> R applyTo(OptionHandler<R> handler);

    /** Chooses an export and ends the negotiation; the protocol has no error reply to it. */
    record ExportName(String name) implements OptionRequest {
        @Override
        public int code() {
            return NbdOption.EXPORT_NAME.code();
        }

        @Override
        public <R> R applyTo(OptionHandler<R> handler) {
            return handler.exportName(this);
        }
    }

    /** Ends the session; the server ignores data of the option. */
    record Abort() implements OptionRequest {
        @Override
        public int code() {
            return NbdOption.ABORT.code();
        }

        @Override
        public <R> R applyTo(OptionHandler<R> handler) {
            return handler.abort(this);
        }
    }

    /** Asks for the names of all exports. */
    record ListExports() implements OptionRequest {
        @Override
        public int code() {
            return NbdOption.LIST.code();
        }

        @Override
        public <R> R applyTo(OptionHandler<R> handler) {
            return handler.list(this);
        }
    }

    /**
     * Asks about an export (INFO) or chooses it and ends the negotiation (GO).
     *
     * @param option INFO or GO
     * @param name name of the export; empty for the default one
     * @param wanted information that the client requests, without types that the server does not know
     */
    record Select(NbdOption option, String name, Set<InfoType> wanted) implements OptionRequest {
        @Override
        public int code() {
            return option.code();
        }

        @Override
        public <R> R applyTo(OptionHandler<R> handler) {
            return handler.select(this);
        }
    }

    /** Asks for structured replies. */
    record StructuredReply() implements OptionRequest {
        @Override
        public int code() {
            return NbdOption.STRUCTURED_REPLY.code();
        }

        @Override
        public <R> R applyTo(OptionHandler<R> handler) {
            return handler.structuredReply(this);
        }
    }

    /**
     * Lists or selects metadata contexts.
     *
     * @param option LIST_META_CONTEXT or SET_META_CONTEXT
     * @param name name of the export
     * @param queries each a namespace, a colon and perhaps more, unchecked
     */
    record MetaContext(NbdOption option, String name, List<String> queries) implements OptionRequest {
        @Override
        public int code() {
            return option.code();
        }

        @Override
        public <R> R applyTo(OptionHandler<R> handler) {
            return handler.metaContext(this);
        }
    }

    /** Asks for encryption of everything after it. */
    record StartTls() implements OptionRequest {
        @Override
        public int code() {
            return NbdOption.STARTTLS.code();
        }

        @Override
        public <R> R applyTo(OptionHandler<R> handler) {
            return handler.startTls(this);
        }
    }

    /** An option that this server does not have: a withdrawn one, an extension, or a number without a definition. */
    record Unsupported(int code) implements OptionRequest {
        @Override
        public <R> R applyTo(OptionHandler<R> handler) {
            return handler.unsupported(this);
        }
    }
}
