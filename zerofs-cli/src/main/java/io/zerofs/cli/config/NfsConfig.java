// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.nfs3.Durability;
import java.util.List;
import java.util.Optional;

/** The NFS server. */
public record NfsConfig(
        @Setting(value = "Address to listen on.", byDefault = "\"127.0.0.1\"")
        String host,

        @Setting(value = "TCP port for NFS and MOUNT.", byDefault = "2049", min = 1, max = 65_535)
        int port,

        @Setting("Addresses to listen on, `[\"ip:port\", …]`, instead of `host` and `port`.")
        Optional<List<ListenAddress.Tcp>> addresses,

        @Setting(
                value = "Which answers wait until the store has the change; see [durability](durability.md).",
                byDefault = "\"commit\"")
        Durability durability) {

    /** @throws IllegalArgumentException if the host cannot be resolved */
    public List<ListenAddress> listen() {
        return addresses.<List<ListenAddress>>map(List::copyOf).orElseGet(() -> List.of(ListenAddress.tcp(host, port)));
    }
}
