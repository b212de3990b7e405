// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.server.net.Request;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/**
 * Remembers the replies to calls that must not run twice. A client sends a call again if no reply came in time, or if
 * its connection broke. If the call ran twice, the client would see a file that it just created reported as existing.
 * It would see a file that it removed reported as missing, and an old write could overwrite newer data. A
 * retransmission of a call that still runs gets the same reply when it ends.
 *
 * <p>A new call must not get an old reply, although clients begin again at the same transaction id or share an address.
 * So a retransmission must match the whole call, and come not long after the reply. It must come by the same
 * connection, or by another one from its address after the first broke or ended before the reply.
 *
 * <p>Bounded: the cache forgets calls that can have no retransmission any more, then the oldest call of the client with
 * the most bytes or nearly the most. A running call is part of its request. Lost when the daemon ends. Thread-safe.
 */
public final class DuplicateRequestCache {
    /**
     * Maximum bytes of ended calls: enough for the calls that a few busy clients have in flight when their connections
     * break.
     */
    public static final long BYTES_MAX = 8 << 20;

    /**
     * Maximum bytes of the ended calls of one client, some 2,000 calls: more than it has in flight, and few enough for the
     * processor's caches.
     */
    static final int BYTES_PER_CLIENT_MAX = 1 << 20;

    /** Bytes of a call without its reply, measured for a call with a connection of its own. */
    static final int CALL_BYTES = 450;

    /** Bytes of a client without its calls. */
    static final int CLIENT_BYTES = 950;

    /** Time for which a reply is remembered, the same as in the NFS server of Linux. */
    static final Duration AGE_MAX = Duration.ofSeconds(120);

    /** Maximum bytes of a remembered reply; no procedure worth caching has longer ones. */
    static final int REPLY_BYTES_MAX = 512;

    /** Maximum number of retransmissions of one running call that get its reply; more are dropped. */
    static final int WAITERS_MAX = 16;

    private static final byte[] NO_REPLY = {};
    private static final int RANK_PRECISION = 64;

    private final long bytesMax;
    private final InstantSource clock;

    // Guarded by calls.
    private final Map<Key, Entry> calls = new HashMap<>();
    /** The owners of ended calls, in the order of their last ones. */
    private final Map<Object, Owner> owners = new LinkedHashMap<>();
    /** The owners by their bytes, because a search through all of them would hold up every client. */
    private final TreeSet<Owner> byBytes = new TreeSet<>();

    private long bytes;
    private long ownersSoFar;

    /** @param bytesMax maximum bytes of calls that have ended */
    public DuplicateRequestCache(long bytesMax, InstantSource clock) {
        this.bytesMax = bytesMax;
        this.clock = clock;
    }

    /**
     * Looks up a call, and remembers it as running if it is new.
     *
     * @param message the whole call
     * @return the entry of the new call; null for a retransmission, which gets its reply through the request
     */
    Entry begin(int xid, ByteBuf message, RpcPeer peer, Request request) {
        Key key = new Key(peer.name(), xid, message.readableBytes(), checksum(message));
        Entry entry;
        synchronized (calls) {
            entry = calls.get(key);
            if (entry == null || !entry.isRepeatedBy(peer)) {
                Entry added = new Entry(key, peer);
                if (entry != null) {
                    forget(entry);
                }
                calls.put(key, added);
                return added;
            }
        }
        entry.answer(request);
        return null;
    }

    /** Counts a call that has ended, and makes room for it. */
    private void remember(Entry entry) {
        synchronized (calls) {
            if (calls.get(entry.key) != entry) {
                return; // Another call has its place.
            }
            Object client = entry.peer.client();
            Owner known = owners.remove(client);
            Owner owner = known == null ? new Owner(client) : known;
            owners.put(client, owner);
            owner.count(entry);
            forgetFirst(owners.values().iterator().next(), Entry::isExpired);
            // A client whose connection broke may repeat its calls by another one, which is busy meanwhile.
            while (owner.bytes > BYTES_PER_CLIENT_MAX
                    && owner.ended.element().peer.isOpen()) {
                forget(owner.ended.element());
            }
            while (bytes > bytesMax) {
                forget(byBytes.last().ended.element());
            }
        }
    }

    /**
     * Records the end of a connection. After an end in order nothing repeats its answered calls, so they must not push
     * out those of other clients. Calls after one of another connection of the client stay, because a search for them
     * would hold up everybody.
     */
    void ended(RpcPeer peer, boolean inOrder) {
        peer.ended(inOrder);
        synchronized (calls) {
            Owner owner = owners.get(peer.client());
            if (owner != null) {
                forgetFirst(owner, Entry::isSettled);
            }
        }
    }

    /** Forgets calls from the oldest to the first one that must stay. */
    private void forgetFirst(Owner owner, Predicate<Entry> isUseless) {
        while (!owner.ended.isEmpty() && isUseless.test(owner.ended.element())) {
            forget(owner.ended.element());
        }
    }

    private void forget(Entry entry) {
        synchronized (calls) {
            calls.remove(entry.key, entry);
            if (entry.owner != null) {
                entry.owner.discount(entry);
            }
        }
    }

    /** Returns a checksum of the whole call, 64 bits: processors compute both halves at many gigabytes per second. */
    private static long checksum(ByteBuf message) {
        CRC32C low = new CRC32C();
        CRC32 high = new CRC32();
        low.update(message.nioBuffer());
        high.update(message.nioBuffer());
        return high.getValue() << Integer.SIZE | low.getValue();
    }

    private record Key(String client, int xid, int length, long checksum) {}

    /** The ended calls of a client. Ordered by their bytes, and the newer client before the older one. */
    private final class Owner implements Comparable<Owner> {
        private final Object client;
        private final long number = ownersSoFar++;
        /** Ended calls, the oldest first. */
        private final Queue<Entry> ended = new ArrayDeque<>();

        private long bytes;
        /** The bytes that decide about its place in {@link #byBytes}: not quite the true ones, because a move costs time. */
        private long rank;

        private Owner(Object client) {
            this.client = client;
            use(CLIENT_BYTES);
        }

        private void count(Entry entry) {
            entry.owner = this;
            ended.add(entry);
            use(entry.bytes());
        }

        private void discount(Entry entry) {
            entry.owner = null;
            ended.remove(entry);
            use(-entry.bytes());
            if (ended.isEmpty()) {
                owners.remove(client);
                use(-CLIENT_BYTES);
                byBytes.remove(this);
            }
        }

        private void use(int more) {
            bytes += more;
            DuplicateRequestCache.this.bytes += more;
            if (Math.abs(bytes - rank) > rank / RANK_PRECISION) {
                byBytes.remove(this);
                rank = bytes;
                byBytes.add(this);
            }
        }

        @Override
        public int compareTo(Owner other) {
            int order = Long.compare(rank, other.rank);
            return order != 0 ? order : Long.compare(other.number, number);
        }
    }

    /** One call: running, or finished with its reply. */
    final class Entry {
        private final Key key;
        private final RpcPeer peer;
        private volatile byte[] reply;
        private List<Request> waiters = List.of();
        /** The owner that counts the call after its end. Guarded by calls. */
        private Owner owner;

        // Set before the reply.
        private boolean outlivedPeer;
        private Instant finished;

        private Entry(Key key, RpcPeer peer) {
            this.key = key;
            this.peer = peer;
        }

        private int bytes() {
            return CALL_BYTES + reply.length;
        }

        /** Returns whether the same call by this connection is a retransmission. */
        private boolean isRepeatedBy(RpcPeer other) {
            boolean isFinished = reply != null;
            if (isFinished && isExpired()) {
                return false;
            }
            boolean unanswered = !peer.isOpen() && (!isFinished || outlivedPeer);
            return other == peer || peer.isContinuedBy(other) || unanswered;
        }

        /** Returns whether the call ended too long ago. Only for a call that has ended. */
        private boolean isExpired() {
            return finished.plus(AGE_MAX).isBefore(clock.instant());
        }

        /** Returns whether the client took the reply and then ended its connection. Only for a call that has ended. */
        private boolean isSettled() {
            return peer.hasEndedInOrder() && !outlivedPeer;
        }

        /** Remembers the reply, which it borrows, and sends it to retransmissions that came meanwhile. */
        void complete(ByteBuf record) {
            byte[] bytes = new byte[record.readableBytes()];
            record.getBytes(record.readerIndex(), bytes);
            List<Request> answered = finish(bytes);
            if (bytes.length > REPLY_BYTES_MAX) {
                forget(this);
            } else {
                remember(this);
            }
            answered.forEach(request -> send(request, bytes));
        }

        /** Forgets a call that ended without a reply. Retransmissions get no reply either; the next one runs. */
        void abandonUnlessComplete() {
            if (reply == null) {
                forget(this);
                finish(NO_REPLY).forEach(Request::end);
            }
        }

        /** Ends the call. Returns the retransmissions that wait for its reply. */
        private synchronized List<Request> finish(byte[] bytes) {
            List<Request> waited = waiters;
            finished = clock.instant();
            outlivedPeer = !peer.isOpen();
            reply = bytes;
            waiters = List.of();
            return waited;
        }

        private void answer(Request request) {
            byte[] known;
            synchronized (this) {
                known = reply;
                if (known == null && waiters.size() < WAITERS_MAX) {
                    waiters = waiters.isEmpty() ? new ArrayList<>() : waiters;
                    waiters.add(request);
                    return;
                }
            }
            if (known == null || known == NO_REPLY) {
                request.end();
            } else {
                send(request, known);
            }
        }

        private static void send(Request request, byte[] reply) {
            request.reply(Unpooled.wrappedBuffer(reply));
        }
    }
}
