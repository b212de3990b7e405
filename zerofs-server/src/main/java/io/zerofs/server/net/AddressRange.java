// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/** The addresses that begin with the same bits, as in {@code 10.0.0.0/8}. A single address is written without the slash. */
public record AddressRange(InetAddress first, int prefixBits) {
    public AddressRange {
        int bits = first.getAddress().length * Byte.SIZE;
        if (prefixBits < 0 || prefixBits > bits) {
            throw new IllegalArgumentException("prefix /" + prefixBits + " is not between 0 and " + bits);
        }
    }

    /**
     * Reads a range or a single address from text.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static AddressRange parse(String text) {
        int slash = text.indexOf('/');
        String address = slash < 0 ? text : text.substring(0, slash);
        // Numbers only: the JDK would ask a name server about anything else.
        if (!address.matches("[0-9.]+|[0-9a-fA-F.]*:[0-9a-fA-F:.]*")) {
            throw new IllegalArgumentException("\"" + text + "\" is not a range of addresses such as 10.0.0.0/8");
        }
        try {
            InetAddress first = InetAddress.getByName(address);
            int bits = first.getAddress().length * Byte.SIZE;
            AddressRange range =
                    new AddressRange(first, slash < 0 ? bits : Integer.parseInt(text.substring(slash + 1)));
            InetAddress begin = InetAddress.getByAddress(range.masked(first.getAddress()));
            if (!begin.equals(first)) {
                throw new IllegalArgumentException("\"" + text + "\" begins at " + begin.getHostAddress() + ": write "
                        + begin.getHostAddress() + "/" + range.prefixBits());
            }
            return range;
        } catch (UnknownHostException | NumberFormatException e) {
            throw new IllegalArgumentException("\"" + text + "\" is not a range of addresses such as 10.0.0.0/8", e);
        }
    }

    /** Returns whether an address is in the range. An IPv4 client on an IPv6 socket counts by its IPv4 address. */
    public boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == first.getAddress().length && Arrays.equals(masked(bytes), masked(first.getAddress()));
    }

    private byte[] masked(byte[] address) {
        byte[] masked = address.clone();
        for (int i = 0; i < masked.length; i++) {
            int kept = Math.max(0, Math.min(Byte.SIZE, prefixBits - i * Byte.SIZE));
            masked[i] &= (byte) (0xff << Byte.SIZE - kept);
        }
        return masked;
    }

    @Override
    public String toString() {
        return first.getHostAddress() + "/" + prefixBits;
    }
}
