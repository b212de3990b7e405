// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.server.net.ListenAddress;
import java.util.List;

/** Addresses of the metrics server. */
public record PrometheusConfig(@Inlined("port = 9464") ListenConfig tcp) {
    /** @throws IllegalArgumentException if the host cannot be resolved */
    public List<ListenAddress> listen() {
        return List.copyOf(tcp.tcp());
    }
}
