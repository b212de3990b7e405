// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.util.Optional;

/** The protocols that are served: those whose section is there. */
public record ServersConfig(
        @Setting(
                value =
                        "Whether addresses beyond this machine may be listened on without `allow`; a warning tells of them.",
                byDefault = "true")
        boolean allowInsecure,

        @Setting(
                value = "Part of connections, threads, memory, fids or locks that one client can have while nobody else"
                        + " wants them; see [security](security.md#one-client-against-others).",
                byDefault = "0.75",
                min = 0.05,
                max = 1)
        double clientShare,

        @Setting(
                value = "Most connections at once, of all protocols; never more than `memory_size_gb` and the limit"
                        + " on open files allow.",
                byDefault = "1024",
                min = 1,
                max = 65_536)
        int connectionsMax,

        @Setting("NFSv3 with MOUNTv3, for every operating system.")
        Optional<NfsConfig> nfs,

        @Setting("9P2000.L, the better choice on Linux.") Optional<NinepConfig> ninep,

        @Setting("Block devices: the files in `/.nbd`.") Optional<NbdConfig> nbd,

        @Setting(
                value = "Seconds after which the connection of a client that cannot be reached is ended, with its locks"
                        + " and devices. On TCP; clients that are only idle stay.",
                byDefault = "60",
                min = 6,
                max = 86_400)
        int vanishedClientSecs) {}
