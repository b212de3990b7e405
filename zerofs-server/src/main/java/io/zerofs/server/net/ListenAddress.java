// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** An address that a server listens on, and the clients that may connect. */
public sealed interface ListenAddress {
    /** Largest TCP port. */
    int PORT_MAX = 65_535;

    /**
     * A TCP address.
     *
     * @param address port 0 lets the system choose
     * @param allowed addresses of clients that may connect; empty: all clients
     */
    record Tcp(InetSocketAddress address, Optional<List<AddressRange>> allowed) implements ListenAddress {
        public Tcp {
            if (address.isUnresolved()) {
                throw new IllegalArgumentException("unknown host: " + address.getHostString());
            }
        }

        Tcp(InetSocketAddress address) {
            this(address, Optional.empty());
        }

        public Tcp allowing(Optional<List<AddressRange>> ranges) {
            return new Tcp(address, ranges);
        }

        /** Returns whether other machines reach the address and it refuses none of them. */
        public boolean isOpenToAll() {
            return allowed.isEmpty() && !address.getAddress().isLoopbackAddress();
        }

        boolean allows(InetAddress peer) {
            return allowed.isEmpty() || allowed.get().stream().anyMatch(range -> range.contains(peer));
        }

        @Override
        public String toString() {
            return format(address);
        }
    }

    /**
     * A unix socket. The server replaces a stale socket file, but fails if a process listens on it.
     *
     * @param mode permissions of the file; every process that may write to it may connect. Empty: the umask decides
     * @param group group of the file; empty: the group of the process
     */
    record UnixSocket(Path path, Optional<Set<PosixFilePermission>> mode, Optional<String> group)
            implements ListenAddress {
        @Override
        public String toString() {
            return path.toString();
        }
    }

    /**
     * Returns a TCP address from text: {@code 127.0.0.1:2049}, {@code [::1]:2049}, {@code localhost:2049}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    static Tcp tcp(String text) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0) {
            throw new IllegalArgumentException("\"" + text + "\" is not of the form host:port");
        }
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            throw new IllegalArgumentException("\"" + text + "\": an IPv6 address is written [address]:port");
        }
        return tcp(host, port(text, text.substring(colon + 1)));
    }

    /** Returns a TCP address from a host, by name or number, and a port. */
    static Tcp tcp(String host, int port) {
        if (port < 0 || port > PORT_MAX) {
            throw new IllegalArgumentException("port " + port + " is not between 0 and " + PORT_MAX);
        }
        try {
            return new Tcp(new InetSocketAddress(InetAddress.getByName(host), port));
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("unknown host \"" + host + "\"", e);
        }
    }

    /**
     * Requires that the system takes the path of a socket, and the temporary name beside it.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    static void requireFits(Path socket) {
        int max = System.getProperty("os.name").startsWith("Mac")
                ? 102
                : 106; // Java takes one byte less than the system.
        int longest = Math.max(bytes(socket), bytes(SocketFile.temporary(socket)));
        if (longest > max) {
            throw new IllegalArgumentException("the path of the socket " + socket
                    + " is too long: with its temporary name " + longest + " bytes, and " + max + " are possible");
        }
    }

    private static int bytes(Path path) {
        return path.toString().getBytes(StandardCharsets.UTF_8).length;
    }

    static UnixSocket unix(Path path) {
        return new UnixSocket(path, Optional.empty(), Optional.empty());
    }

    /** Returns an address as a configuration has it, with brackets around IPv6. */
    static String format(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    private static int port(String text, String digits) {
        try {
            return Integer.parseInt(digits);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("\"" + text + "\" does not end in a port number", e);
        }
    }
}
