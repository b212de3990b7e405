// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.fs.ZeroFileSystem;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ProtocolServer;
import io.zerofs.server.net.ServerResources;
import io.zerofs.server.net.ServerSettings;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A server of an empty volume in memory, and clients of it. */
final class Nfs3Fixture implements AutoCloseable {
    private static final ServerSettings SETTINGS = ServerSettings.DEFAULT
            .withThreads(2, 4)
            .withConnectionsMax(64)
            .withRequestsPerConnectionMax(64)
            .withBytesMax(8L << 20, 32L << 20)
            .withOffloadBytes(64 << 10)
            .withStallSeconds(30)
            .withCloseSeconds(5);

    private MemoryVolume volume;
    private ZeroFileSystem files;
    private final ServerResources resources = new ServerResources(SETTINGS);
    private final ProtocolServer server;
    private final List<Nfs3Client> clients = new ArrayList<>();

    /** Barriers that the test completes itself; used when the fixture was opened to hold them. */
    final ConcurrentLinkedQueue<CompletableFuture<Void>> heldBarriers = new ConcurrentLinkedQueue<>();

    /** The exception of a barrier, if there is one. */
    volatile Error barrierFailure;

    final Nfs3Client client;
    final byte[] root;

    private Nfs3Fixture(MemoryVolume volume, Durability durability, boolean holdBarriers)
            throws IOException, VolumeException {
        this.volume = volume;
        files = CheckedFileSystems.open(volume);
        server = serve(holdBarriers ? holdingBarriers() : files, Nfs3Settings.of(durability));
        client = connect();
        root = client.mount("/");
    }

    /** Serves the file system, or what is shown of it, at another port; closed by the caller. */
    ProtocolServer serve(VirtualFileSystem shown, Nfs3Settings settings) throws IOException {
        try {
            return Nfs3Server.open(shown, settings, List.of(ListenAddress.tcp("127.0.0.1:0")), resources);
        } catch (FsException e) {
            throw new IOException(e);
        }
    }

    static Nfs3Fixture open() throws IOException, VolumeException {
        return new Nfs3Fixture(new MemoryVolume(), Durability.COMMIT, false);
    }

    static Nfs3Fixture openHoldingBarriers(Durability durability) throws IOException, VolumeException {
        return new Nfs3Fixture(new MemoryVolume(), durability, true);
    }

    /** Stops the server and starts another one on the same volume. */
    Nfs3Fixture restart() throws IOException, VolumeException {
        MemoryVolume next = volume;
        close();
        return new Nfs3Fixture(next.reopen(), Durability.COMMIT, false);
    }

    private VirtualFileSystem holdingBarriers() {
        return (VirtualFileSystem) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {VirtualFileSystem.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("barrier")) {
                        if (barrierFailure != null) {
                            throw barrierFailure;
                        }
                        CompletableFuture<Void> held = new CompletableFuture<>();
                        heldBarriers.add(held);
                        return held;
                    }
                    try {
                        return method.invoke(files, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    Nfs3Client connect() throws IOException {
        Nfs3Client connected = Nfs3Client.connect(server.port());
        clients.add(connected);
        return connected;
    }

    int port() {
        return server.port();
    }

    ZeroFileSystem files() {
        return files;
    }

    ServerResources resources() {
        return resources;
    }

    @Override
    public void close() throws IOException, VolumeException {
        for (Nfs3Client each : clients) {
            each.close();
        }
        server.close();
        resources.close();
        files.close();
        volume.close();
    }
}
