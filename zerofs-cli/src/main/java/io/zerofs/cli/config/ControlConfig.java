// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.server.net.ListenAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32C;

/** The unix socket for commands. */
public record ControlConfig(
        @Setting(value = "Whether the daemon listens for commands.", byDefault = "true")
        boolean enabled,

        @Setting("Path of the socket. Default: a name in `cache.dir` that depends on `url`.")
        Optional<Path> unixSocket,

        @Setting(
                value =
                        "Permissions of the socket's file. Processes that may write to the file may give every command.",
                byDefault = "\"0600\"")
        String socketMode,

        @Setting("Group of the socket's file.") Optional<String> socketGroup) {

    public ControlConfig {
        unixSocket.ifPresent(ListenAddress::requireFits);
        UnixSocketConfig.permissions(socketMode);
    }

    ListenAddress.UnixSocket listen(CacheConfig cache, StoreLocation url) {
        Path path = unixSocket.orElseGet(() -> cache.dir().resolve("control-" + word(url) + ".sock"));
        return new ListenAddress.UnixSocket(path, Optional.of(UnixSocketConfig.permissions(socketMode)), socketGroup);
    }

    /** Returns a word for a volume: daemons of several volumes may share a cache directory. */
    private static String word(StoreLocation url) {
        CRC32C sum = new CRC32C();
        sum.update(url.toString().getBytes(StandardCharsets.UTF_8));
        return String.format(Locale.ROOT, "%08x", sum.getValue());
    }
}
