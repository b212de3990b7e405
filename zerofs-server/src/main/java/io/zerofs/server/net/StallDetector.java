// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;

/**
 * Finds out whether a connection moved between two checks, while there was something to move: a request half received,
 * or replies that the socket did not take. Such a connection would hold its share of the limits for ever. Confined to
 * the event loop.
 */
final class StallDetector {
    private long moved;
    private boolean expecting;

    private long movedSeen = -1;
    private long pendingSeen;
    private int quietChecks;

    /** Says that so many bytes were received, or a reply of so many was sent. */
    void moved(int bytes) {
        moved += bytes;
    }

    /** Says whether a request has been received in part. */
    void expect(boolean more) {
        expecting = more;
    }

    /**
     * Checks whether the connection moved.
     *
     * @param bytesMin how many bytes a client that owes some has to move between two checks
     * @return how many checks in a row found it quiet, with this one
     */
    int check(Channel channel, int bytesMin) {
        ChannelOutboundBuffer out = channel.unsafe().outboundBuffer();
        long pending = out == null ? 0 : out.totalPendingWriteBytes();
        // Bytes of a large reply leave the buffer one by one, long before the reply counts as sent.
        boolean quiet = moved - movedSeen + Math.max(0, pendingSeen - pending) < bytesMin;
        // Requests are not read while replies are pending, so a request half received is the client's doing only
        // as long as the socket is read.
        boolean owes = pending > 0 || expecting && channel.config().isAutoRead();
        movedSeen = moved;
        pendingSeen = pending;
        quietChecks = owes && quiet ? quietChecks + 1 : 0;
        return quietChecks;
    }
}
