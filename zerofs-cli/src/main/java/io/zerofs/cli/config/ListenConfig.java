// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.server.net.AddressRange;
import io.zerofs.server.net.ListenAddress;
import java.util.List;
import java.util.Optional;

/** Addresses that a server listens on over TCP, and the clients that may connect. */
public record ListenConfig(
        @Setting(value = "Address to listen on.", byDefault = "\"127.0.0.1\"")
        String host,

        @Setting(value = "TCP port.", min = 1, max = 65_535) int port,

        @Setting("Addresses to listen on, `[\"ip:port\", …]`, instead of `host` and `port`. With `[]` there is no TCP.")
        Optional<List<ListenAddress.Tcp>> addresses,

        @Setting(
                "Addresses that may connect over TCP, `[\"10.0.0.0/8\", …]`. Without the key every address may connect.")
        Optional<List<AddressRange>> allow) {

    /** @throws IllegalArgumentException if the host cannot be resolved */
    List<ListenAddress.Tcp> tcp() {
        return addresses.orElseGet(() -> List.of(ListenAddress.tcp(host, port))).stream()
                .map(tcp -> tcp.allowing(allow))
                .toList();
    }

    /** @throws IllegalArgumentException if an address is open to every machine that reaches it */
    static void requireAllowed(String section, List<ListenAddress> addresses) {
        for (ListenAddress address : addresses) {
            if (address instanceof ListenAddress.Tcp tcp && tcp.isOpenToAll()) {
                throw new IllegalArgumentException("[" + section + "] would listen on " + tcp
                        + " for every machine that reaches it: set `allow` to the addresses of its clients,"
                        + " or remove `allow_insecure = false`");
            }
        }
    }
}
