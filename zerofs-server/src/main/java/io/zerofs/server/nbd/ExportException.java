// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.zerofs.server.nbd.wire.OptionReplyType;

/** Refuses an export to a client: the answer of the protocol, with a sentence for a person. No stack trace. */
final class ExportException extends Exception {
    private final OptionReplyType reply;

    ExportException(OptionReplyType reply, String sentence) {
        super(sentence, null, false, false);
        this.reply = reply;
    }

    OptionReplyType reply() {
        return reply;
    }
}
