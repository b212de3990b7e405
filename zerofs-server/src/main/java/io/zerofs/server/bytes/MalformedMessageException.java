// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.bytes;

/**
 * A message breaks the rules of its protocol: too short, too long, or with a value that cannot be. The message text
 * gives numbers, never contents. Whoever cuts the messages decides whether it ends the call or the connection.
 */
public final class MalformedMessageException extends Exception {
    public MalformedMessageException(String message) {
        super(message, null, false, false);
    }
}
