// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.server.net.ListenAddress;
import java.util.List;
import java.util.Optional;

/** Where metrics are served. */
public record PrometheusConfig(
        @Setting(value = "Address to listen on.", byDefault = "\"127.0.0.1\"")
        String host,

        @Setting(value = "TCP port.", byDefault = "9464", min = 1, max = 65_535)
        int port,

        @Setting("Addresses to listen on, `[\"ip:port\", …]`, instead of `host` and `port`.")
        Optional<List<ListenAddress.Tcp>> addresses) {

    /** @throws IllegalArgumentException if the host cannot be resolved */
    public List<ListenAddress> listen() {
        return addresses.<List<ListenAddress>>map(List::copyOf).orElseGet(() -> List.of(ListenAddress.tcp(host, port)));
    }
}
