// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/**
 * Remembers the replies to calls that must not be run twice. A client sends again what was not answered in time, or when
 * its connection broke; without this a file that was created a moment ago would be reported as existing, one that was
 * removed as missing, and data that was replaced meanwhile would come back. A retransmission of a call that still runs
 * gets the same reply when it ends.
 *
 * <p>A call that was never made must not be answered, and clients begin at the same transaction id again, or share an
 * address. So a retransmission is one of the whole call, comes by the same connection, or by another of its client after
 * the first broke, and not long after the reply.
 *
 * <p>Bounded: the oldest finished calls are forgotten, those of a connection that has too many first. Lost when the
 * daemon ends. Thread-safe.
 */
public final class DuplicateRequestCache {
    /** Enough for what a few busy clients have in flight when their connections break. */
    public static final int CALLS_MAX = 16_384;

    /** Of one connection; more than a client has in flight. */
    static final int CALLS_PER_PEER_MAX = 1_024;

    /** As long as Linux's own server remembers a reply. */
    static final Duration AGE_MAX = Duration.ofSeconds(120);

    /** Longer replies are not remembered; no procedure worth caching has them. */
    static final int REPLY_BYTES_MAX = 512;

    /** Retransmissions of one running call that are answered; more are dropped. */
    static final int WAITERS_MAX = 16;

    private static final byte[] NO_REPLY = {};

    private final int callsMax;
    private final InstantSource clock;

    // Guarded by calls.
    private final Map<Key, Entry> calls = new LinkedHashMap<>();
    private final Map<RpcPeer, Deque<Entry>> callsOfPeers = new HashMap<>();

    public DuplicateRequestCache(int callsMax, InstantSource clock) {
        this.callsMax = callsMax;
        this.clock = clock;
    }

    /** Calls remembered now. */
    public int size() {
        synchronized (calls) {
            return calls.size();
        }
    }

    /**
     * Looks a call up, and remembers it as running if it is new.
     *
     * @param message the whole call
     * @return the entry of the new call; null if it is a retransmission, which is answered through the transport
     */
    Entry begin(int xid, ByteBuf message, RpcTransport transport) {
        RpcPeer peer = transport.peer();
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
                Deque<Entry> ofPeer = callsOfPeers.computeIfAbsent(peer, unused -> new ArrayDeque<>());
                ofPeer.add(added);
                if (ofPeer.size() > CALLS_PER_PEER_MAX) {
                    forgetOldest(ofPeer);
                } else if (calls.size() > callsMax) {
                    forgetOldest(calls.values());
                }
                return added;
            }
        }
        entry.answer(transport);
        return null;
    }

    /** Running calls are never forgotten; the request gate bounds them. */
    private void forgetOldest(Collection<Entry> among) {
        for (Entry each : among) {
            if (each.reply != null) {
                forget(each);
                return;
            }
        }
    }

    private void forget(Entry entry) {
        synchronized (calls) {
            calls.remove(entry.key, entry);
            callsOfPeers.computeIfPresent(
                    entry.peer, (peer, entries) -> entries.remove(entry) && entries.isEmpty() ? null : entries);
        }
    }

    /** Of the whole call, 64 bits: two that processors compute at many gigabytes per second. */
    private static long checksum(ByteBuf message) {
        CRC32C low = new CRC32C();
        CRC32 high = new CRC32();
        low.update(message.nioBuffer());
        high.update(message.nioBuffer());
        return high.getValue() << Integer.SIZE | low.getValue();
    }

    private record Key(String client, int xid, int length, long checksum) {}

    /** One call: running, or finished with its reply. */
    final class Entry {
        private final Key key;
        private final RpcPeer peer;
        private volatile byte[] reply;
        private List<RpcTransport> waiters = List.of();

        // Set before the reply.
        private boolean outlivedPeer;
        private Instant finished;

        private Entry(Key key, RpcPeer peer) {
            this.key = key;
            this.peer = peer;
        }

        /** Whether the same call by this connection is a retransmission. */
        private boolean isRepeatedBy(RpcPeer other) {
            boolean isFinished = reply != null;
            if (isFinished && finished.plus(AGE_MAX).isBefore(clock.instant())) {
                return false;
            }
            boolean unanswered = !peer.isOpen() && (!isFinished || outlivedPeer);
            return other == peer || peer.isContinuedBy(other) || unanswered;
        }

        /** Remembers the reply, which it borrows, and gives it to retransmissions that came meanwhile. */
        void complete(ByteBuf record) {
            byte[] bytes = new byte[record.readableBytes()];
            record.getBytes(record.readerIndex(), bytes);
            List<RpcTransport> answered = finish(bytes);
            if (bytes.length > REPLY_BYTES_MAX) {
                forget(this);
            }
            answered.forEach(transport -> send(transport, bytes));
        }

        /** Forgets a call that ended without a reply; retransmissions are not answered, and the next one is run. */
        void abandonUnlessComplete() {
            if (reply == null) {
                forget(this);
                finish(NO_REPLY).forEach(RpcTransport::drop);
            }
        }

        /** Those who waited for the end of the call. */
        private synchronized List<RpcTransport> finish(byte[] bytes) {
            List<RpcTransport> waited = waiters;
            finished = clock.instant();
            outlivedPeer = !peer.isOpen();
            reply = bytes;
            waiters = List.of();
            return waited;
        }

        private void answer(RpcTransport transport) {
            byte[] known;
            synchronized (this) {
                known = reply;
                if (known == null && waiters.size() < WAITERS_MAX) {
                    waiters = waiters.isEmpty() ? new ArrayList<>() : waiters;
                    waiters.add(transport);
                    return;
                }
            }
            if (known == null || known == NO_REPLY) {
                transport.drop();
            } else {
                send(transport, known);
            }
        }

        private static void send(RpcTransport transport, byte[] reply) {
            transport.reply(Unpooled.wrappedBuffer(reply));
        }
    }
}
