// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.util.Optional;

/** The servers. A protocol without a section is off. */
public record ServersConfig(
        @Setting(
                value =
                        "Whether a server may listen on addresses beyond this machine without `allow`. The daemon then logs a"
                                + " warning.",
                byDefault = "true")
        boolean allowInsecure,

        @Setting(
                value =
                        "Maximum share of connections, threads, memory, fids or locks of one client while no other client"
                                + " wants them; see [security](security.md#one-client-against-others).",
                byDefault = "0.75",
                min = 0.05,
                max = 1)
        double clientShare,

        @Setting(
                value = "Maximum number of connections of all protocols. `memory_size_gb` and the limit on open files"
                        + " may lower it.",
                byDefault = "1024",
                min = 1,
                max = 65_536)
        int connectionsMax,

        @Setting("NFSv3 with MOUNTv3, for every operating system.")
        Optional<NfsConfig> nfs,

        @Setting("9P2000.L, the better choice on Linux.") Optional<NinepConfig> ninep,

        @Setting("Block devices: the files in `/.nbd`.") Optional<NbdConfig> nbd,

        @Setting(
                value = "Seconds after which the daemon closes the TCP connection of a client that it cannot reach, and"
                        + " frees its locks and devices. Idle clients stay connected.",
                byDefault = "60",
                min = 6,
                max = 86_400)
        int vanishedClientSecs) {}
