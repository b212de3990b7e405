// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.zerofs.server.nbd.wire.OptionReplyType;

/** Why a client does not get an export: the answer of the protocol, with a sentence for a person. */
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
