// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.server.net.ListenAddress;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** A unix socket that a server listens on. */
public record UnixSocketConfig(
        @Setting("Path of a unix socket to listen on in addition.")
        Optional<Path> unixSocket,

        @Setting(
                "Permissions of the socket's file, such as `\"0660\"`. Processes that may write to the file may connect.")
        Optional<String> socketMode,

        @Setting("Group of the socket's file.") Optional<String> socketGroup) {
    private static final int PERMISSIONS = 0777;

    public UnixSocketConfig {
        unixSocket.ifPresent(ListenAddress::requireFits);
        socketMode.ifPresent(UnixSocketConfig::permissions);
        if (unixSocket.isEmpty() && (socketMode.isPresent() || socketGroup.isPresent())) {
            throw new IllegalArgumentException("socket_mode and socket_group need unix_socket");
        }
    }

    Optional<ListenAddress> unix() {
        return unixSocket.map(
                path -> new ListenAddress.UnixSocket(path, socketMode.map(UnixSocketConfig::permissions), socketGroup));
    }

    static Set<PosixFilePermission> permissions(String octal) {
        if (!octal.matches("0?[0-7]{3}")) {
            throw new IllegalArgumentException("socket_mode: \"" + octal + "\" is not of the form \"0660\"");
        }
        int bits = Integer.parseInt(octal, 8) & PERMISSIONS;
        Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
        PosixFilePermission[] fromHighest = PosixFilePermission.values();
        for (int i = 0; i < fromHighest.length; i++) {
            if ((bits >> fromHighest.length - 1 - i & 1) != 0) {
                permissions.add(fromHighest[i]);
            }
        }
        return permissions;
    }
}
