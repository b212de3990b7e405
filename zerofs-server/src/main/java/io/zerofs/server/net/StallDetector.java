// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;

/**
 * Finds connections that do not move between two checks, although a request is half received or replies wait for the
 * socket. A stalled connection would hold its share of the limits for ever. Confined to the event loop.
 */
final class StallDetector {
    private long moved;
    private boolean expecting;

    private long movedSeen = -1;
    private long pendingSeen;
    private int quietChecks;

    /** Counts received bytes, or the bytes of a reply that was sent. */
    void moved(int bytes) {
        moved += bytes;
    }

    /** Notes whether a request has been received in part. */
    void expect(boolean more) {
        expecting = more;
    }

    /**
     * Checks whether the connection moved.
     *
     * @param bytesMin minimum bytes that a client must move between two checks if it owes some
     * @return number of checks in a row that found the connection quiet, including this one
     */
    int check(Channel channel, int bytesMin) {
        ChannelOutboundBuffer out = channel.unsafe().outboundBuffer();
        long pending = out == null ? 0 : out.totalPendingWriteBytes();
        // Bytes of a large reply leave the buffer one by one, long before the reply counts as sent.
        boolean quiet = moved - movedSeen + Math.max(0, pendingSeen - pending) < bytesMin;
        // The daemon does not always read: it may wait for room. So the client owes the rest of a request only while
        // the
        // daemon reads the socket.
        boolean owes = pending > 0 || expecting && channel.config().isAutoRead();
        movedSeen = moved;
        pendingSeen = pending;
        quietChecks = owes && quiet ? quietChecks + 1 : 0;
        return quietChecks;
    }
}
