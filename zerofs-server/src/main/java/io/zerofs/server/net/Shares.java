// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Divides one resource among clients. What nobody uses is lent: a client may have as much as its share of what it has
 * together with what is free. With a share of three quarters one client alone has at most 3/4 of all, each of two
 * greedy ones 3/7 and each of ten 3/31; something is always left for the next, and nothing has to be taken back. A client
 * that has nothing gets what it asks for as long as there is room. Thread-safe.
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

    /** Takes an amount for a client; false, and counted as a refusal, if that is more than it may have. */
    public boolean tryTake(Client client, long amount) {
        boolean taken = take(client, amount) == Limit.NONE;
        if (!taken) {
            client.refuse(resource);
        }
        return taken;
    }

    /** Takes an amount for a client, or says what is in the way. */
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

    public void give(Client client, long amount) {
        charge(client, -amount);
    }

    /** Counts what a client has whether it may have it or not; negative: what it has no more. */
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
     * Returns whether a client may have so much more.
     *
     * @param free what is left then
     */
    static boolean mayHave(Client client, ClientResource resource, long amount, long free, double share) {
        long has = client.used(resource);
        return has == 0 || (has + amount) * (1 - share) <= share * free;
    }
}
