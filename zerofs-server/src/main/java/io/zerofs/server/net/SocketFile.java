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
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file of a unix socket. A killed process does not remove it, and no other process can bind over it. */
final class SocketFile {
    private static final Logger LOG = LoggerFactory.getLogger(SocketFile.class);

    private static final int MODE_TYPE = 0170000;
    private static final int MODE_SOCKET = 0140000;

    private final Path path;

    /** The key of the file: another program may have put its own file in its place. */
    private final Object identity;

    private SocketFile(Path path, Object identity) {
        this.path = path;
        this.identity = identity;
    }

    /** Returns a temporary name in the same directory. No client looks there before the file has its mode and group. */
    static Path temporary(Path path) {
        return path.resolveSibling(
                "." + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt()));
    }

    /**
     * Sets mode and group of the file that was just bound, and then links it to its name. Netty knows only the temporary
     * name: at the end it removes the file of the name that it knows, whichever file that is then.
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

    /** Removes a socket file that no program listens on. Refuses any other file and leaves it alone. */
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

    /** Removes the file unless another file has its name now. */
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

    /** Returns whether a file is a socket, by its mode. Portable attributes do not distinguish it from a pipe or device. */
    private static boolean isSocket(Path path) throws IOException {
        int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        return (mode & MODE_TYPE) == MODE_SOCKET;
    }

    /**
     * Returns whether a program listens on a socket. Only a refused connection proves that none does: a socket that is busy,
     * of another kind or not permitted to us belongs to a program.
     */
    private static boolean isAlive(Path path) throws IOException {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            // A program that accepts no connection now would make the probe wait.
            probe.configureBlocking(false);
            probe.connect(UnixDomainSocketAddress.of(path));
            return true;
        } catch (ConnectException e) {
            return false;
        }
    }
}
