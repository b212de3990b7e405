// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** The clients that have connections now, over all protocols of a daemon. Thread-safe. */
final class Clients {
    private final Map<String, Client> protocols = new TreeMap<>();
    private final Map<String, Client> byAddress = new HashMap<>();

    /** Adds a protocol that the daemon serves. */
    synchronized void serve(String protocol) {
        protocols.computeIfAbsent(protocol, Client::ofProtocol);
        protocols.values().forEach(each -> each.compete(protocols.size() > 1));
    }

    /** Returns the client of a new connection and counts the connection until {@link #left}. */
    synchronized Client arrived(String protocol, SocketAddress peer) {
        Client all = protocols.get(protocol);
        String unit = unit(peer);
        Client client = unit == null
                ? Client.local(all)
                : byAddress.computeIfAbsent(protocol + " " + unit, unused -> Client.of(all, unit));
        client.connections++;
        return client;
    }

    synchronized void left(Client client) {
        client.connections--;
        if (client.connections == 0) {
            byAddress.values().remove(client);
        }
    }

    /** Returns how often each protocol refused each resource. */
    synchronized Map<String, Map<ClientResource, Long>> refused() {
        Map<String, Map<ClientResource, Long>> counts = new TreeMap<>();
        protocols.forEach((name, client) -> {
            Map<ClientResource, Long> each = new TreeMap<>();
            Arrays.stream(ClientResource.values()).forEach(resource -> each.put(resource, client.refused(resource)));
            counts.put(name, each);
        });
        return counts;
    }

    /** Returns the address or network that identifies the client of a connection; null if other clients have the same one. */
    static String unit(SocketAddress peer) {
        if (!(peer instanceof InetSocketAddress tcp) || tcp.getAddress().isLoopbackAddress()) {
            return null;
        }
        InetAddress address = tcp.getAddress();
        if (!(address instanceof Inet6Address) || address.isLinkLocalAddress()) {
            return address.getHostAddress();
        }
        // A client cannot choose the first half, and usually has all addresses that begin with it.
        ByteBuffer prefix = ByteBuffer.wrap(address.getAddress());
        return String.format(
                "%x:%x:%x:%x::/64", prefix.getShort(), prefix.getShort(), prefix.getShort(), prefix.getShort());
    }
}
