// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file of a unix socket. A killed process does not remove it, and no other process can bind over it. */
final class SocketFile {
    private static final Logger LOG = LoggerFactory.getLogger(SocketFile.class);

    private static final int MODE_TYPE = 0170000;
    private static final int MODE_SOCKET = 0140000;

    private final Path path;

    /** Which file it is: another program may have put its own in place. */
    private final Object identity;

    private SocketFile(Path path, Object identity) {
        this.path = path;
        this.identity = identity;
    }

    /** A name beside the wanted one, where nobody looks for the socket before it is as it should be. */
    static Path temporary(Path path) {
        return path.resolveSibling(
                "." + Integer.toHexString(ThreadLocalRandom.current().nextInt()));
    }

    /**
     * Gives the file that was just bound the mode and group that are wanted, and then its name. Netty knows only the
     * temporary one, which it would remove at the end whatever file that is then.
     */
    static SocketFile publish(String server, ListenAddress.UnixSocket address, Path bound) throws ListenException {
        try {
            prepare(address, bound);
            Files.createLink(address.path(), bound);
            return new SocketFile(address.path(), identityOf(bound));
        } catch (UserPrincipalNotFoundException e) {
            throw new ListenException(server, address, "there is no group " + e.getName(), e);
        } catch (IOException e) {
            throw new ListenException(server, address, "the socket's name, mode or group: " + e, e);
        } finally {
            delete(bound);
        }
    }

    private static void prepare(ListenAddress.UnixSocket address, Path path) throws IOException {
        if (address.group().isPresent()) {
            var groups = path.getFileSystem().getUserPrincipalLookupService();
            Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                    .setGroup(groups.lookupPrincipalByGroupName(address.group().get()));
        }
        if (address.mode().isPresent()) {
            Files.setPosixFilePermissions(path, address.mode().get());
        }
    }

    private static void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.warn("{} was not removed: {}", path, e.getMessage());
        }
    }

    private static Object identityOf(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    /** Removes a socket file that nobody listens on; any other file is left alone and refused. */
    static void removeStale(String server, ListenAddress address) throws ListenException {
        Path path = ((ListenAddress.UnixSocket) address).path();
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try {
            if (!isSocket(path)) {
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
            throw new ListenException(server, address, "the socket that is there: " + e.getMessage(), e);
        }
    }

    /** Removes it unless something else has its name now. */
    void remove() {
        try {
            if (identity.equals(identityOf(path))) {
                delete(path);
            } else {
                LOG.warn("the socket {} was replaced by another file, which stays", path);
            }
        } catch (NoSuchFileException e) {
            LOG.debug("the socket {} is gone", path);
        } catch (IOException e) {
            LOG.warn("the socket {} was not removed: {}", path, e.getMessage());
        }
    }

    /** By its mode: to the attributes that all systems have, a socket is as good as a pipe or a device. */
    private static boolean isSocket(Path path) throws IOException {
        int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        return (mode & MODE_TYPE) == MODE_SOCKET;
    }

    /** Only a refusal says that nobody listens: one that is busy, of another kind or not for us to use is somebody's. */
    private static boolean isAlive(Path path) throws IOException {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            // A program that accepts nobody now would let the probe wait.
            probe.configureBlocking(false);
            probe.connect(UnixDomainSocketAddress.of(path));
            return true;
        } catch (ConnectException e) {
            return false;
        }
    }
}
