// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The service manager that started this process, if one did: systemd or another one that understands its datagrams. The
 * messages to it are advice: if it cannot be reached, nothing else suffers. Thread-safe.
 */
public final class Supervisor {
    /** No service manager: messages are dropped. */
    public static final Supervisor NONE = new Supervisor(null);

    private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);
    private static final char ABSTRACT = '@';

    private final byte[] socket;

    private Supervisor(byte[] socket) {
        this.socket = socket;
    }

    /** @param socket value of the environment variable NOTIFY_SOCKET */
    public static Supervisor at(Optional<String> socket) {
        if (socket.isEmpty() || !Epoll.isAvailable()) {
            return NONE;
        }
        byte[] name = socket.get().getBytes(StandardCharsets.UTF_8);
        if (name.length > 0 && name[0] == ABSTRACT) {
            name[0] = 0;
        }
        return new Supervisor(name);
    }

    /** @param words assignments as in sd_notify(3), one a line */
    public void tell(String words) {
        if (socket == null) {
            return;
        }
        byte[] bytes = words.getBytes(StandardCharsets.UTF_8);
        try {
            Socket datagrams = Socket.newSocketDomainDgram();
            try {
                datagrams.sendToDomainSocket(
                        ByteBuffer.allocateDirect(bytes.length).put(bytes), 0, bytes.length, socket);
            } finally {
                datagrams.close();
            }
        } catch (IOException e) {
            LOG.debug("the service manager cannot be told {}: {}", words, e.getMessage());
        }
    }
}
