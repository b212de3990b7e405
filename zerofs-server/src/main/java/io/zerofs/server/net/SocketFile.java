// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file of a unix socket: a process that was killed leaves it behind, and nothing can be bound over it. */
final class SocketFile {
    private static final Logger LOG = LoggerFactory.getLogger(SocketFile.class);

    private SocketFile() {}

    /** Removes a socket file that nobody listens on; any other file is left alone and refused. */
    static void removeStale(String server, ListenAddress address) throws ListenException {
        Path path = ((ListenAddress.UnixSocket) address).path();
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try {
            // A socket is "other": neither regular file, directory nor symlink.
            if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .isOther()) {
                throw new ListenException(server, address, "there is a file that is not a socket", null);
            }
            if (isAlive(path)) {
                throw new ListenException(server, address, "another program listens there", null);
            }
            Files.delete(path);
            LOG.info("{}: removed the stale socket {}", server, path);
        } catch (ListenException e) {
            throw e;
        } catch (IOException e) {
            throw new ListenException(server, address, e.getMessage(), e);
        }
    }

    static void remove(ListenAddress.UnixSocket address) {
        try {
            Files.deleteIfExists(address.path());
        } catch (IOException e) {
            LOG.warn("the socket {} was not removed: {}", address, e.getMessage());
        }
    }

    private static boolean isAlive(Path path) {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return probe.connect(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            return false;
        }
    }
}
