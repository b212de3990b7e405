// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.nfs3.Durability;
import io.zerofs.server.nfs3.Nfs3Settings;
import java.util.List;

/** The NFS server. */
public record NfsConfig(
        @Inlined("port = 2049") ListenConfig tcp,

        @Inlined ExportConfig export,

        @Inlined UsersConfig users,

        @Setting(value = "Whether the server refuses calls from ports above 1023.", byDefault = "false")
        boolean privilegedPorts,

        @Setting(
                value = "Answers that wait until the store has the change; see [durability](durability.md).",
                byDefault = "\"commit\"")
        Durability durability) {

    public Nfs3Settings settings() {
        return new Nfs3Settings(durability, users.mapping(), privilegedPorts);
    }

    /** @throws IllegalArgumentException if the host cannot be resolved */
    public List<ListenAddress> listen() {
        return List.copyOf(tcp.tcp());
    }
}
