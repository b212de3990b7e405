// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.io.IOException;

/** A server could not listen; the message is a sentence for the user that names server and address. */
public final class ListenException extends IOException {
    ListenException(String server, ListenAddress address, String reason, Throwable cause) {
        super(server + " cannot listen on " + address + ": " + reason, cause);
    }
}
