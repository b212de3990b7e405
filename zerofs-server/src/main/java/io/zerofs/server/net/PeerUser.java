// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The user of this machine at the other end of a unix socket, as the system reports it (SO_PEERCRED).
 *
 * @param gid the user's primary group
 * @param mayActForOthers whether the user is the superuser or the user of this process, who can control it anyway
 */
public record PeerUser(int uid, int gid, boolean mayActForOthers) {
    private static final int SUPERUSER = 0;
    private static final Path OWN_PROCESS = Path.of("/proc/self");

    /** Returns the user at the other end; null if the system does not report it. */
    static PeerUser of(Channel channel) throws IOException {
        if (!(channel instanceof EpollDomainSocketChannel unix)) {
            return null;
        }
        PeerCredentials peer = unix.peerCredentials();
        int uid = peer.uid();
        return new PeerUser(uid, peer.gids()[0], uid == SUPERUSER || uid == ownUid());
    }

    private static int ownUid() throws IOException {
        return (int) Files.getAttribute(OWN_PROCESS, "unix:uid");
    }
}
