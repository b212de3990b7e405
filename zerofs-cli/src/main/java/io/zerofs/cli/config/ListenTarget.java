// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.net.InetSocketAddress;

/**
 * A TCP address to listen on.
 *
 * @param host name or literal address, IPv6 without brackets
 */
public record ListenTarget(String host, int port) {
    private static final int PORT_MAX = 65_535;

    /** Reads {@code host:port} or {@code [ipv6]:port}. */
    static ListenTarget parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0) {
            throw new IllegalArgumentException("\"" + text + "\" is not \"ip:port\"");
        }
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            throw new IllegalArgumentException("\"" + text + "\": write an IPv6 address as \"[address]:port\"");
        }
        return new ListenTarget(host, parsePort(text, text.substring(colon + 1)));
    }

    private static int parsePort(String text, String digits) {
        if (!digits.matches("[0-9]{1,5}")) {
            throw new IllegalArgumentException("\"" + text + "\" does not end with a port number");
        }
        int port = Integer.parseInt(digits);
        if (port < 1 || port > PORT_MAX) {
            throw new IllegalArgumentException("\"" + text + "\": the port must be between 1 and " + PORT_MAX);
        }
        return port;
    }

    public InetSocketAddress resolve() {
        return new InetSocketAddress(host, port);
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
