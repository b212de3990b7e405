// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server;

import io.zerofs.core.fs.FileSystemSettings;
import io.zerofs.core.fs.ZeroFileSystem;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ProtocolServer;
import io.zerofs.server.net.ServerResources;
import io.zerofs.server.net.ServerSettings;
import io.zerofs.server.nfs3.Durability;
import io.zerofs.server.nfs3.Nfs3Server;
import io.zerofs.server.nfs3.Nfs3Settings;
import io.zerofs.server.ninep.NinePServer;
import io.zerofs.server.ninep.NinePSettings;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * A server whose files are in memory, for kernel clients and benchmarks of a protocol without a store below:
 * {@code MemoryServer PORT [NFS_PORT]} serves 9P, and NFS, on loopback ports until it is killed.
 */
public final class MemoryServer {
    private static final long QUOTA_BYTES = 1L << 40;

    private MemoryServer() {}

    public static void main(String[] arguments) throws Exception {
        ListenAddress ninePort = ListenAddress.tcp("127.0.0.1", Integer.parseInt(arguments[0]));
        ListenAddress nfsPort =
                ListenAddress.tcp("127.0.0.1", arguments.length > 1 ? Integer.parseInt(arguments[1]) : 0);
        try (MemoryVolume volume = new MemoryVolume();
                ZeroFileSystem files = ZeroFileSystem.open(
                        volume, FileSystemSettings.DEFAULTS.withQuotaBytes(QUOTA_BYTES), InstantSource.system());
                ServerResources resources = new ServerResources(ServerSettings.DEFAULT);
                ProtocolServer server = ProtocolServer.open(
                        "9p", List.of(ninePort), resources, new NinePServer(files, NinePSettings.DEFAULT));
                ProtocolServer nfs =
                        Nfs3Server.open(files, Nfs3Settings.of(Durability.COMMIT), List.of(nfsPort), resources)) {
            System.out.println("ready on " + server.port() + " and " + nfs.port());
            new CountDownLatch(1).await();
        }
    }
}
