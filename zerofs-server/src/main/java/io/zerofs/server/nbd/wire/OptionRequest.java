// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

import java.util.List;
import java.util.Set;

/** An option that a client sent, decoded ("Option types"). Names are text: the protocol wants UTF-8 without NUL. */
public sealed interface OptionRequest {
    /** The number sent, repeated in every answer. */
    int code();

    <R> R applyTo(OptionHandler<R> handler);

    /** Chooses an export and ends the negotiation; there is no way to answer an error. */
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

    /** Ends the session; data that a client sends along is ignored. */
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
     * @param name of the export; empty for the default one
     * @param wanted what the client asks to be told; types we do not know are left out
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
     * @param name of the export
     * @param queries each a namespace, a colon and perhaps more
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

    /** Asks for encryption of all that follows. */
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

    /** An option that this server does not have: extensions, and numbers that nobody defined. */
    record Unsupported(int code) implements OptionRequest {
        @Override
        public <R> R applyTo(OptionHandler<R> handler) {
            return handler.unsupported(this);
        }
    }
}
