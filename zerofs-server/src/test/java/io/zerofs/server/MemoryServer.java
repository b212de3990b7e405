// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server;

import io.zerofs.core.engine.FileSystemSettings;
import io.zerofs.core.engine.ZeroFileSystem;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ProtocolServer;
import io.zerofs.server.net.ServerResources;
import io.zerofs.server.net.ServerSettings;
import io.zerofs.server.ninep.NinePServer;
import io.zerofs.server.ninep.NinePSettings;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * A server whose files are in memory, for kernel clients and benchmarks of a protocol without a store below:
 * {@code MemoryServer PORT [QUOTA_BYTES]} serves 9P on a loopback port until it is killed.
 */
public final class MemoryServer {
    private MemoryServer() {}

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        long quotaBytes = arguments.length > 1 ? Long.parseLong(arguments[1]) : 1L << 40;
        try (MemoryVolume volume = new MemoryVolume();
                ZeroFileSystem files = ZeroFileSystem.open(
                        volume, FileSystemSettings.DEFAULTS.withQuotaBytes(quotaBytes), InstantSource.system());
                ServerResources resources = new ServerResources(ServerSettings.DEFAULT);
                ProtocolServer server = ProtocolServer.open(
                        "9p",
                        List.of(ListenAddress.tcp("127.0.0.1", port)),
                        resources,
                        new NinePServer(files, NinePSettings.DEFAULT))) {
            System.out.println("ready on " + server.port());
            new CountDownLatch(1).await();
        }
    }
}
