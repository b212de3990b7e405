// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;

/**
 * Finds out whether a connection moved between two looks, while there was something to move: a request half received,
 * or replies that the socket did not take. Such a connection would hold its share of the limits for ever. Confined to
 * the event loop.
 */
final class StallDetector {
    private long progress;
    private boolean expecting;

    private long progressSeen = -1;
    private long pendingSeen;

    void received() {
        progress++;
    }

    void sent() {
        progress++;
    }

    /** Says whether a request has been received in part. */
    void expect(boolean more) {
        expecting = more;
    }

    boolean isStalled(Channel channel) {
        ChannelOutboundBuffer out = channel.unsafe().outboundBuffer();
        long pending = out == null ? 0 : out.totalPendingWriteBytes();
        // Bytes of a large reply leave the buffer one by one, long before the reply counts as sent.
        boolean moved = progress != progressSeen || pending != pendingSeen;
        // Requests are not read while replies are pending, so a request half received is the client's doing only
        // as long as the socket is read.
        boolean owes = pending > 0 || expecting && channel.config().isAutoRead();
        progressSeen = progress;
        pendingSeen = pending;
        return owes && !moved;
    }
}
