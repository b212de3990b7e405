// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Remembers the replies to calls that must not be run twice. A client whose connection broke sends again what was not
 * answered; without this a file that was created a moment ago would be reported as existing, one that was removed as
 * missing. A retransmission of a call that still runs gets the same reply when it ends.
 *
 * <p>Bounded: the oldest finished calls are forgotten. Lost when the daemon ends. Thread-safe.
 */
public final class DuplicateRequestCache {
    /** Enough for what a few busy clients have in flight when their connections break. */
    public static final int CALLS_MAX = 32_768;

    /** Longer replies are not remembered; no procedure worth caching has them. */
    static final int REPLY_BYTES_MAX = 1_024;

    /** Retransmissions of one running call that are answered; more are dropped. */
    static final int WAITERS_MAX = 16;

    /** The beginning of a call tells calls with the same transaction id apart; hashing a whole write would cost. */
    private static final int CHECKED_BYTES_MAX = 512;

    private static final byte[] NO_REPLY = {};

    private final int callsMax;
    private final Map<Key, Entry> calls = new LinkedHashMap<>();

    public DuplicateRequestCache(int callsMax) {
        this.callsMax = callsMax;
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
        Key key = new Key(transport.clientName(), xid, message.readableBytes(), checksum(message));
        Entry entry;
        synchronized (calls) {
            entry = calls.get(key);
            if (entry == null) {
                entry = new Entry(key);
                calls.put(key, entry);
                forgetOldest();
                return entry;
            }
        }
        entry.answer(transport);
        return null;
    }

    private void forgetOldest() {
        if (calls.size() > callsMax) {
            // Running calls are never forgotten; the request gate bounds them.
            var oldest = calls.values().iterator();
            while (oldest.hasNext()) {
                if (oldest.next().reply != null) {
                    oldest.remove();
                    return;
                }
            }
        }
    }

    private void forget(Entry entry) {
        synchronized (calls) {
            calls.remove(entry.key, entry);
        }
    }

    private static int checksum(ByteBuf message) {
        CRC32C crc = new CRC32C();
        int length = Math.min(message.readableBytes(), CHECKED_BYTES_MAX);
        ByteBuffer bytes = message.nioBuffer(message.readerIndex(), length);
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private record Key(String client, int xid, int length, int checksum) {}

    /** One call: running, or finished with its reply. */
    final class Entry {
        private final Key key;
        private volatile byte[] reply;
        private List<RpcTransport> waiters = List.of();

        private Entry(Key key) {
            this.key = key;
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
