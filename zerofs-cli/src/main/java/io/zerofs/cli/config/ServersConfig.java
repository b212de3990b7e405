// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.util.Optional;

/** The protocols that are served: those whose section is there. */
public record ServersConfig(
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
