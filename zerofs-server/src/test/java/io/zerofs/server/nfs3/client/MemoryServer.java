// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.client;

import io.zerofs.core.engine.FileSystemSettings;
import io.zerofs.core.engine.ZeroFileSystem;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ProtocolServer;
import io.zerofs.server.net.ServerResources;
import io.zerofs.server.net.ServerSettings;
import io.zerofs.server.nfs3.Durability;
import io.zerofs.server.nfs3.Nfs3Server;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;

/** Serves an empty volume in memory: {@code MemoryServer host:port [strict|commit|relaxed]}; ends with its input. */
public final class MemoryServer {
    private MemoryServer() {}

    public static void main(String[] args) throws Exception {
        ListenAddress address = ListenAddress.tcp(args[0]);
        Durability durability = Durability.valueOf((args.length > 1 ? args[1] : "commit").toUpperCase(Locale.ROOT));
        try (MemoryVolume volume = new MemoryVolume();
                ZeroFileSystem files =
                        ZeroFileSystem.open(volume, FileSystemSettings.DEFAULTS, InstantSource.system());
                ServerResources resources = new ServerResources(ServerSettings.DEFAULT);
                ProtocolServer server = Nfs3Server.open(files, durability, List.of(address), resources)) {
            System.out.println("serving " + server.addresses());
            while (System.in.read() >= 0) {
                // Until the end of input.
            }
        }
    }
}
