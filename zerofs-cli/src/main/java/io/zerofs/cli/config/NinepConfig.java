// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The 9P server. */
public record NinepConfig(
        @Setting(value = "Address to listen on.", byDefault = "\"127.0.0.1\"")
        String host,

        @Setting(value = "TCP port.", byDefault = "5564", min = 1, max = 65_535)
        int port,

        @Setting("Addresses to listen on, `[\"ip:port\", …]`, instead of `host` and `port`; `[]`: no TCP at all.")
        Optional<List<ListenTarget>> addresses,

        @Setting("Path of a unix socket to listen on as well.")
        Optional<Path> unixSocket) {

    public List<ListenTarget> targets() {
        return addresses.orElseGet(() -> List.of(new ListenTarget(host, port)));
    }
}
