// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * A client as limits see it: one address and one protocol. If many users share an address, each connection is a client.
 * Counts the client's use of each {@link ClientResource}; {@link Shares} decides how much it may have. Thread-safe.
 */
public final class Client {
    private static final Logger LOG = LoggerFactory.getLogger(Client.class);
    private static final int RESOURCES = ClientResource.values().length;

    private final String name;
    private final Client protocol;
    private final AtomicLongArray used = new AtomicLongArray(RESOURCES);
    private final AtomicLongArray refused = new AtomicLongArray(RESOURCES);
    private final LimitedLog refusals = new LimitedLog(LOG, Level.WARN, "refusals to clients that have their share");

    private volatile boolean competes;

    /** Guarded by {@link Clients}. */
    int connections;

    /** Null for a client of this machine, which is one connection. */
    private final String unit;

    private Client(String name, Client protocol, String unit) {
        this.name = name;
        this.protocol = protocol;
        this.unit = unit;
    }

    /** Makes the client that counts for all clients of a protocol together. */
    static Client ofProtocol(String name) {
        return new Client(name, null, null);
    }

    /** Makes a client of a protocol at an address or in a network. */
    static Client of(Client protocol, String unit) {
        return new Client(protocol.name + " " + unit, protocol, unit);
    }

    /** Makes a client of a protocol on this machine. */
    static Client local(Client protocol) {
        return new Client(protocol.name + " local client", protocol, null);
    }

    /** Makes a client for a connection that no server has accepted. */
    public static Client alone() {
        return of(ofProtocol("none"), "alone");
    }

    /** Returns the client that counts for all clients of this one's protocol; null if this is it. */
    Client protocol() {
        return protocol;
    }

    String protocolName() {
        return protocol.name;
    }

    /** Returns whether the daemon serves other protocols, too. Only for a client made by {@link #ofProtocol}. */
    boolean competes() {
        return competes;
    }

    void compete(boolean withOthers) {
        competes = withOthers;
    }

    long used(ClientResource resource) {
        return used.get(resource.ordinal());
    }

    void use(ClientResource resource, long more) {
        used.addAndGet(resource.ordinal(), more);
        if (protocol != null) {
            protocol.use(resource, more);
        }
    }

    /**
     * Returns the resources that the daemon keeps for the client.
     *
     * @param peer the peer of a connection of the client
     */
    ClientState state(String peer, List<String> devices) {
        Map<ClientResource, Long> amounts = new EnumMap<>(ClientResource.class);
        for (ClientResource resource : ClientResource.values()) {
            amounts.put(resource, used(resource));
        }
        return new ClientState(protocol.name, unit == null ? peer : unit, amounts, devices);
    }

    /** Returns the number of refusals of a resource. Only for a client made by {@link #ofProtocol}. */
    long refused(ClientResource resource) {
        return refused.get(resource.ordinal());
    }

    /** Counts and logs a refusal of a resource to the client. */
    public void refuse(ClientResource resource) {
        protocol.refused.incrementAndGet(resource.ordinal());
        protocol.refusals.line(
                "{}: refused, its share of {} or all there is of them is used up",
                name,
                resource.name().toLowerCase(Locale.ROOT));
    }

    /** Returns the name and the use of each resource, for logs and tests. */
    @Override
    public String toString() {
        return name + " " + Arrays.toString(ClientResource.values()) + " " + used;
    }
}
