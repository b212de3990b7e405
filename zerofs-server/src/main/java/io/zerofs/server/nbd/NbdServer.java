// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ListenException;
import io.zerofs.server.net.ProtocolServer;
import io.zerofs.server.net.ServerResources;
import java.util.List;
import java.util.Optional;

/**
 * Serves the files in {@code /.nbd} as block devices. Thread-safe. The caller that opened the server closes it before its
 * resources and its file system.
 */
public final class NbdServer implements AutoCloseable {
    private static final String NAME = "nbd";

    private final ProtocolServer server;
    private final Exports exports;
    private final NbdDevices devices;
    private final int closeSeconds;

    private NbdServer(ProtocolServer server, Exports exports, NbdDevices devices, int closeSeconds) {
        this.server = server;
        this.exports = exports;
        this.devices = devices;
        this.closeSeconds = closeSeconds;
    }

    /**
     * Creates {@code /.nbd} unless it exists, and listens.
     *
     * @throws FsException if the directory cannot be created; NOT_DIRECTORY if a file has its name
     * @throws ListenException if the server cannot listen on an address
     */
    public static NbdServer open(VirtualFileSystem files, List<ListenAddress> addresses, ServerResources resources)
            throws FsException, ListenException {
        return open(files, Optional.empty(), addresses, resources);
    }

    /** Opens the same server, which offers TLS if there is a certificate. */
    public static NbdServer open(
            VirtualFileSystem files, Optional<NbdTls> tls, List<ListenAddress> addresses, ServerResources resources)
            throws FsException, ListenException {
        Exports exports = new Exports(files);
        exports.createDirectory();
        ProtocolServer server = ProtocolServer.open(
                NAME, addresses, resources, connection -> new NbdConnection(connection, exports, tls));
        return new NbdServer(
                server,
                exports,
                new NbdDevices(files, exports),
                resources.settings().closeSeconds());
    }

    /** Returns the addresses it listens on, with the ports that the system chose. */
    public List<ListenAddress> addresses() {
        return server.addresses();
    }

    /** Returns the devices for the operator. */
    public NbdDevices devices() {
        return devices;
    }

    /** Accepts no more connections, lets requests in flight end within the configured time, and disconnects. */
    @Override
    public void close() {
        server.close();
        exports.awaitClosed(closeSeconds);
    }
}
