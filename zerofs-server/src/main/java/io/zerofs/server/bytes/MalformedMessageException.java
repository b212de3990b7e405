// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.bytes;

/**
 * A message breaks the rules of its protocol: it is too short, too long, or has an impossible value. The text has numbers,
 * never contents. The protocol decides whether the exception ends the call or the connection.
 */
public final class MalformedMessageException extends Exception {
    public MalformedMessageException(String message) {
        super(message, null, false, false);
    }
}
