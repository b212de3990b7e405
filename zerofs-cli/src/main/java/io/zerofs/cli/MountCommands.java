// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ServersConfig;
import io.zerofs.server.net.ListenAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** The commands by which Linux uses the servers of a configuration, with options that fit this release. */
final class MountCommands {
    private MountCommands() {}

    static List<String> of(ServersConfig servers) {
        List<String> commands = new ArrayList<>();
        servers.nfs().ifPresent(nfs -> nfs.listen().forEach(address -> commands.add(nfs(address))));
        servers.ninep().ifPresent(ninep -> ninep.listen().forEach(address -> commands.add(ninep(address))));
        servers.nbd().ifPresent(nbd -> nbd.listen().forEach(address -> commands.add(nbd(address))));
        return commands;
    }

    private static String nfs(ListenAddress address) {
        InetSocketAddress tcp = ((ListenAddress.Tcp) address).address();
        String host = reachable(tcp);
        return "mount -t nfs -o vers=3,nolock,tcp,hard,rsize=1048576,wsize=1048576,port=" + tcp.getPort()
                + ",mountport=" + tcp.getPort() + ",mountproto=tcp " + (host.contains(":") ? "[" + host + "]" : host)
                + ":/ /mnt";
    }

    private static String ninep(ListenAddress address) {
        String common = ",version=9p2000.L,msize=1048576,cache=mmap,access=client";
        if (address instanceof ListenAddress.UnixSocket socket) {
            return "mount -t 9p -o trans=unix" + common + " " + quoted(socket) + " /mnt";
        }
        InetSocketAddress tcp = ((ListenAddress.Tcp) address).address();
        return "mount -t 9p -o trans=tcp" + common + ",port=" + tcp.getPort() + " " + reachable(tcp) + " /mnt";
    }

    private static String nbd(ListenAddress address) {
        if (address instanceof ListenAddress.UnixSocket socket) {
            return "nbd-client -unix " + quoted(socket) + " /dev/nbd0 -N DEVICE -C 4";
        }
        InetSocketAddress tcp = ((ListenAddress.Tcp) address).address();
        return "nbd-client " + reachable(tcp) + " " + tcp.getPort() + " /dev/nbd0 -N DEVICE -C 4";
    }

    /** Returns the path as one word of a shell. */
    private static String quoted(ListenAddress.UnixSocket socket) {
        String path = socket.toString();
        return path.matches("[\\w./@%+=:,-]+") ? path : "'" + path.replace("'", "'\\''") + "'";
    }

    /** Returns the address for a client of this machine: loopback if the server listens on all addresses. */
    private static String reachable(InetSocketAddress tcp) {
        InetAddress address = tcp.getAddress();
        return (address.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : address).getHostAddress();
    }
}
