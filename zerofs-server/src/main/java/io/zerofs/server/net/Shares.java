// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Divides one resource among clients. A client may have its share of the sum of its own amount and the free amount. With
 * a share of three quarters one client alone has at most 3/4 of all, each of two greedy ones 3/7, and each of ten 3/31.
 * So some of it is always free for the next client, and the daemon need not take anything back. A client that has nothing
 * gets the amount that it asks for while there is room. Thread-safe.
 */
public final class Shares {
    /** The limit that refuses a request of a client. */
    enum Limit {
        NONE,
        /** The client has its share. */
        CLIENT,
        /** All clients of its protocol together have their share. */
        PROTOCOL,
        /** There is no room. */
        ALL
    }

    private final ClientResource resource;
    private final long capacity;
    private final double share;
    private final AtomicLong used = new AtomicLong();

    /** @param clientShare part of a resource that one client can have, above 0; 1 is all of it */
    public Shares(ClientResource resource, long capacity, double clientShare) {
        this.resource = resource;
        this.capacity = capacity;
        this.share = clientShare;
    }

    public long used() {
        return used.get();
    }

    /** Takes an amount for a client. If the client may not have it, counts a refusal and returns false. */
    public boolean tryTake(Client client, long amount) {
        boolean taken = take(client, amount) == Limit.NONE;
        if (!taken) {
            client.refuse(resource);
        }
        return taken;
    }

    /** Takes an amount for a client, or returns the limit that refuses it. */
    Limit take(Client client, long amount) {
        long before;
        do {
            before = used.get();
            Limit limit = limit(client, amount, before);
            if (limit != Limit.NONE) {
                return limit;
            }
        } while (!used.compareAndSet(before, before + amount));
        client.use(resource, amount);
        return Limit.NONE;
    }

    /** Takes an amount back from a client. */
    public void give(Client client, long amount) {
        charge(client, -amount);
    }

    /** Counts an amount of a client regardless of the limits. A negative amount is one that the client no longer has. */
    public void charge(Client client, long amount) {
        used.addAndGet(amount);
        client.use(resource, amount);
    }

    private Limit limit(Client client, long amount, long usedByAll) {
        long free = capacity - usedByAll - amount;
        if (free < 0) {
            return Limit.ALL;
        }
        if (!mayHave(client, amount, free)) {
            return Limit.CLIENT;
        }
        Client protocol = client.protocol();
        return resource.isOfAllProtocols() && protocol.competes() && !mayHave(protocol, amount, free)
                ? Limit.PROTOCOL
                : Limit.NONE;
    }

    private boolean mayHave(Client client, long amount, long free) {
        return mayHave(client, resource, amount, free, share);
    }

    /**
     * Returns whether a client may have this amount in addition.
     *
     * @param free the amount that is free after that
     */
    static boolean mayHave(Client client, ClientResource resource, long amount, long free, double share) {
        long has = client.used(resource);
        return has == 0 || (has + amount) * (1 - share) <= share * free;
    }
}
