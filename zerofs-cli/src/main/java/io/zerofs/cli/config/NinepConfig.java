// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.server.net.ListenAddress;
import java.util.ArrayList;
import java.util.List;

/** The 9P server. */
public record NinepConfig(
        @Inlined("port = 5564") ListenConfig tcp,

        @Inlined UnixSocketConfig socket,

        @Inlined ExportConfig export,

        @Inlined UsersConfig users) {

    /** @throws IllegalArgumentException if the host cannot be resolved */
    public List<ListenAddress> listen() {
        List<ListenAddress> all = new ArrayList<>(tcp.tcp());
        socket.unix().ifPresent(all::add);
        return all;
    }
}
